// SPEC 6: a cursor belongs to one scope, type and query, and fails anywhere else.
#include <catch2/catch.hpp>

#include <set>

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
