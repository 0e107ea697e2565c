// SPEC 6: a cursor belongs to one scope, type and query, and fails anywhere else.
#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "struere/triggers/trigger_repository.hpp"
#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

struct PagedWorld : World {
  explicit PagedWorld(StorageKind kind) : World(kind) {
    for (const Environment environment : {Environment::development, Environment::production})
      for (const char* const type : {"note", "task"}) {
        define_type({{"slug", type}}, environment);
        for (int i = 0; i < 7; ++i) create(type, {{"n", i % 3}}, environment);
      }
  }
  EntityRepository notes(Environment environment = Environment::development) const {
    return system(environment).entities("note");
  }
};

}  // namespace

TEST_CASE("a cursor that is changed anywhere is none", "[cursors]") {
  const PagedWorld stage(any_storage());
  const std::string cursor = *stage.notes().list({.limit = 2}).next();
  for (std::size_t at = 0; at < cursor.size(); ++at) {
    std::string changed = cursor;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_ERROR(invalid_cursor, stage.notes().list({.limit = 2, .after = changed}));
    CHECK_ERROR(invalid_cursor, stage.notes().list({.limit = 2, .after = cursor.substr(0, at)}));
  }
  CHECK_ERROR(invalid_cursor, stage.notes().list({.after = cursor + "A"}));
  CHECK_ERROR(invalid_cursor, stage.notes().list({.after = cursor + "="}));
}

TEST_CASE("a cursor of another scope, type or query is none", "[cursors]") {
  const PagedWorld stage(any_storage());
  const Query query{.where = field("data.n") >= 0, .order = {{"data.n"}}, .limit = 2};
  const std::string cursor = *stage.notes().list(query).next();
  const auto with = [&](auto change) {
    Query changed = query;
    changed.after = cursor;
    change(changed);
    return changed;
  };
  CHECK(stage.notes().list(with([](Query& q) { q.limit = 5; })).size() == 5);  // the limit may change
  CHECK_ERROR(invalid_cursor, stage.notes(Environment::production).list(with([](Query&) {})));
  CHECK_ERROR(invalid_cursor, stage.system().entities("task").list(with([](Query&) {})));
  CHECK_ERROR(invalid_cursor, stage.notes().list(with([](Query& q) { q.where = field("data.n") >= -1; })));
  CHECK_ERROR(invalid_cursor, stage.notes().list(with([](Query& q) { q.order[0].direction = Direction::descending; })));
  CHECK_ERROR(invalid_cursor, stage.notes().list(with([](Query& q) { q.order.clear(); })));
  CHECK_ERROR(invalid_cursor, stage.notes().list(with([](Query& q) { q.status = "active"; })));
  CHECK_ERROR(invalid_cursor, stage.notes().list(with([](Query& q) { q.search = "a"; })));
  // One of the log is none of a list.
  const std::string of_events = *stage.system().events().list({.limit = 1}).next;
  CHECK_ERROR(invalid_cursor, stage.notes().list({.after = of_events}));
}

TEST_CASE("a cursor of any list is of no other list, scope or database, and of no text that is like it", "[cursors]") {
  using Ask = std::function<std::optional<std::string>(const Session&, const std::optional<std::string>& after)>;
  struct Lists : World {
    explicit Lists(StorageKind kind) : World(kind) {
      add_organization("globex");
      for (const std::string organization : {"acme", "globex"})
        for (const Environment environment : {Environment::development, Environment::production})
          fill(system(environment, organization), ids[organization + std::string(to_string(environment))]);
    }
    static void fill(const Session& session, std::pair<EntityId, ThreadId>& own) {
      session.entity_types().define({{"slug", "note"}});
      session.triggers().define({{"slug", "t"},
                                 {"on", {{"entityType", "note"}, {"action", "created"}}},
                                 {"actions", Json::array({{{"tool", "mine"}}})}});
      own.first = session.entities("note").create(Json::object()).id;
      for (int i = 0; i < 3; ++i) {
        session.relations().link(own.first, "next", session.entities("note").create(Json::object()).id);
        session.api_keys().create({.name = "key"});
        own.second = session.threads().create({}).id;
        session.executions().record({.model = "small"});
      }
      for (int i = 0; i < 3; ++i) session.threads().append(own.second, {.content = "text"});
    }
    const std::pair<EntityId, ThreadId>& own(const Session& session) const {
      const ActorContext actor = session.actor();
      return ids.at(actor.organization().str() + std::string(to_string(actor.environment())));
    }
    std::map<std::string, std::pair<EntityId, ThreadId>> ids;
  };
  const StorageKind kind = any_storage();
  const Lists world(kind), copy(kind);
  const auto ask_of = [](const Lists& lists) {
    return std::map<std::string, Ask>{
        {"rows", [](const Session& s,
                    const auto& after) { return s.entities("note").list({.limit = 1, .after = after}).next(); }},
        {"related",
         [&](const Session& s, const auto& after) {
           return s.relations()
               .related(lists.own(s).first, "next", RelationDirection::out, {.limit = 1, .after = after})
               .next();
         }},
        {"events",
         [](const Session& s, const auto& after) { return s.events().list({.limit = 1, .after = after}).next; }},
        {"newest events",
         [](const Session& s, const auto& after) {
           return s.events().list({.newest_first = true, .limit = 1, .after = after}).next;
         }},
        {"keys", [](const Session& s, const auto& after) { return s.api_keys().page(1, after).next; }},
        {"threads",
         [](const Session& s, const auto& after) { return s.threads().list({.limit = 1, .after = after}).next; }},
        {"messages",
         [&](const Session& s, const auto& after) { return s.threads().messages(lists.own(s).second, 1, after).next; }},
        {"executions", [](const Session& s, const auto& after) { return s.executions().list({}, 1, after).next; }},
        {"runs",
         [](const Session& s, const auto& after) { return s.triggers().runs({.limit = 1, .after = after}).next; }}};
  };
  const auto lists = ask_of(world), lists_of_copy = ask_of(copy);
  for (const auto& list : lists) {
    const std::string& name = list.first;
    const Ask& ask = list.second;
    INFO(name);
    const Session session = world.system();
    const auto cursor = ask(session, {});
    REQUIRE(cursor);
    CHECK(ask(session, cursor));  // it is one of this list
    for (const auto& other : lists) {
      INFO("in " << other.first);
      if (other.first != name) CHECK_ERROR(invalid_cursor, other.second(session, cursor));
    }
    CHECK_ERROR(invalid_cursor, ask(world.system(Environment::production), cursor));
    CHECK_ERROR(invalid_cursor, ask(world.system(Environment::development, "globex"), cursor));
    CHECK_ERROR(invalid_cursor, lists_of_copy.at(name)(copy.system(), cursor));  // another key seals them there
    for (const std::string& text :
         {std::string(), std::string("0"), cursor->substr(1), cursor->substr(0, cursor->size() - 1), *cursor + *cursor,
          std::string(1 << 16, 'A')})
      CHECK_ERROR(invalid_cursor, ask(session, text));
  }
}

TEST_CASE("pages neither repeat nor skip what was there throughout", "[cursors]") {
  PagedWorld stage(any_storage());
  const auto notes = stage.notes();
  std::set<std::string> there;
  for (const Entity& row : notes.list()) there.insert(row.id().str());
  for (const std::vector<OrderBy>& order :
       {std::vector<OrderBy>{}, {{"data.n", Direction::ascending}}, {{"data.n", Direction::descending}, {"id"}}}) {
    Query query{.order = order, .limit = 2};
    std::multiset<std::string> seen;
    do {
      const EntityPage page = notes.list(query);
      for (const Entity& row : page) seen.insert(row.id().str());
      query.after = page.next();
      notes.remove(stage.create("note", {{"n", 1}}));  // comes and goes
      stage.create("note", {{"n", 2}});                // comes and stays
    } while (query.after && seen.size() < 100);
    for (const std::string& id : there) CHECK(seen.count(id) == 1);
  }
}

TEST_CASE("a cursor tells nothing", "[cursors]") {
  const PagedWorld stage(any_shared_storage());
  const EntityPage page = stage.notes().list({.order = {{"data.n"}}, .limit = 2});
  CHECK(page.next()->find(page[1].id().str()) == std::string::npos);
  CHECK(page.next() ==
        stage.notes().list({.order = {{"data.n"}}, .limit = 2}).next());  // the same question, the same text
}
