// docs/limits.md: what is too large is refused with an error that names the bound, and extreme durations do no harm.
#include <catch2/catch.hpp>

#include <chrono>
#include <climits>
#include <cstdint>
#include <stop_token>
#include <thread>

#include "core/deadline.hpp"
#include "query/bounds.hpp"
#include "struere/definitions/definitions.hpp"
#include "support/any_storage.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr auto for_ever = std::chrono::milliseconds::max();
constexpr auto before_all = std::chrono::milliseconds::min();

struct Notes : World {
  explicit Notes(StorageKind kind) : World(kind) {
    define_type({{"slug", "note"}, {"searchFields", {"text"}}});
    id = create("note", {{"text", "one"}});
  }
  EntityRepository notes() const { return system().entities("note"); }
  std::string error_of_list(const Query& query) const {
    return error_of([&] { (void)notes().list(query); });
  }
  EntityId id{""};
};

Json conditions(std::size_t number) {
  Json out = Json::array();
  for (std::size_t i = 0; i < number; ++i) out.push_back({{"field", "data.n"}, {"operator", "eq"}, {"value", i}});
  return out;
}

Json whole_numbers(std::size_t number) {
  Json out = Json::array();
  for (std::size_t i = 0; i < number; ++i) out.push_back(i);
  return out;
}

}  // namespace

TEST_CASE("a query of too many conditions is refused at once", "[bounds]") {
  const Notes world(any_storage());
  CHECK(world.notes().list({.where = Condition(conditions(most_conditions))}).empty());
  CHECK(world.error_of_list({.where = Condition(conditions(20'000))}) ==
        "invalid_query: `where` has at most 256 conditions");
  const Json inner{{"any", conditions(most_conditions)}};  // the group counts as well
  CHECK_ERROR(invalid_query, world.notes().count({.where = Condition(Json::array({inner}))}));
  CHECK_ERROR(invalid_query, world.notes().aggregate({.where = Condition(Json::array({inner}))}, {}, {{}}));
}

TEST_CASE("a list of values, the text of a query and a search are bounded", "[bounds]") {
  const Notes world(any_storage());
  CHECK(world.notes().list({.where = field("data.n").in(whole_numbers(most_listed_values))}).empty());
  CHECK(world.error_of_list({.where = field("data.n").in(whole_numbers(most_listed_values + 1))}) ==
        "invalid_query: `in` takes at most 10000 values");
  CHECK_ERROR(invalid_query,
              world.notes().list({.where = field("data.n").not_in(whole_numbers(most_listed_values + 1))}));
  // As JSON, each of the second text's characters has six bytes.
  for (const std::string& text : {std::string(600'000, 'x'), std::string(100'000, '\x01')}) {
    CHECK(world.notes().list({.where = field("data.n") == text}).empty());
    CHECK(world.error_of_list({.where = field("data.n") == text && field("data.m") == text}) ==
          "invalid_query: `where` is at most 1 MiB of JSON");
  }
  CHECK_ERROR(invalid_query, world.notes().list({.search = std::string(most_search_bytes + 1, 'a')}));
  std::string words;
  for (std::size_t i = 0; i <= most_search_words; ++i) words += "w" + std::to_string(i) + " ";
  CHECK_ERROR(invalid_query, world.notes().list({.search = words}));
}

TEST_CASE("the rules and masks of a role are bounded", "[bounds]") {
  const Notes world(any_storage());
  const auto rules = [](std::size_t number) {
    Json out = Json::array();
    for (Json rule : conditions(number)) {
      rule["entityType"] = "note";
      out.push_back(rule);
    }
    return out;
  };
  world.define_role({{"name", "r"}, {"scopeRules", rules(most_rule_conditions)}});
  CHECK_ERROR(invalid_definition, world.define_role({{"name", "r"}, {"scopeRules", rules(most_rule_conditions + 1)}}));
  Json masks = Json::array();
  for (std::size_t i = 0; i <= most_masks; ++i)
    masks.push_back({{"entityType", "note"}, {"fieldPath", "data.f" + std::to_string(i)}, {"maskType", "hide"}});
  CHECK_ERROR(invalid_definition, world.define_role({{"name", "m"}, {"fieldMasks", masks}}));
  Json fields = Json::array();
  for (std::size_t i = 0; i <= most_visible_fields; ++i) fields.push_back("data.f" + std::to_string(i));
  CHECK_ERROR(invalid_definition,
              world.define_role({{"name", "v"}, {"visibleFields", {{{"entityType", "note"}, {"fields", fields}}}}}));
  const Json listed{{"entityType", "note"},
                    {"field", "data.n"},
                    {"operator", "in"},
                    {"value", whole_numbers(most_listed_values + 1)}};
  CHECK_ERROR(invalid_definition, world.define_role({{"name", "l"}, {"scopeRules", {listed}}}));
}

TEST_CASE("related answers in pages, in the order of creation over all types", "[bounds][relations]") {
  Notes world(any_storage());
  world.define_type({{"slug", "task"}});
  const auto relations = world.system().relations();
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const EntityId far = world.create(i % 3 == 0 ? "task" : "note", {{"i", i}});
    relations.link(world.id, "about", far);
    expected.push_back(far.str());
  }
  for (const std::int64_t limit : {1, 2, 3, 7, 1000}) {
    std::vector<std::string> found;
    RelatedQuery query{.limit = limit};
    do {
      const EntityPage page = relations.related(world.id, "about", RelationDirection::out, query);
      CHECK(page.size() <= static_cast<std::size_t>(limit));
      for (const Entity& far : page) found.push_back(far.id().str());
      query.after = page.next();
    } while (query.after);
    CHECK(found == expected);
  }
  CHECK_ERROR(invalid_query, relations.related(world.id, "about", RelationDirection::out, {.limit = 1001}));
  const auto cursor = relations.related(world.id, "about", RelationDirection::out, {.limit = 1}).next();
  REQUIRE(cursor);
  CHECK_ERROR(invalid_cursor, relations.related(world.id, "other", RelationDirection::out, {.after = cursor}));
  CHECK_ERROR(invalid_cursor, relations.related(world.id, "about", RelationDirection::in, {.after = cursor}));
}

TEST_CASE("a page of events ends early if its payloads are large", "[bounds]") {
  Notes world(any_storage());
  const EventRepository events = world.system().events();
  const AuditLogger audit = world.system().audit();
  for (int i = 0; i < 12; ++i) audit.append("note.grew", {{"i", i}, {"text", std::string(900'000, 'x')}});
  EventQuery query{.type = "note.grew", .limit = 1000};
  const EventPage first = events.list(query);
  CHECK(first.events.size() == 10);
  REQUIRE(first.next);
  query.after = first.next;
  const EventPage rest = events.list(query);
  CHECK(rest.events.size() == 2);
  CHECK_FALSE(rest.next);
}

TEST_CASE("a page of messages ends early if their texts are large", "[bounds]") {
  const Notes world(any_storage());
  const auto threads = world.system().threads();
  const ThreadId thread = threads.create({}).id;
  for (int i = 0; i < 12; ++i) threads.append(thread, {.content = std::string(900'000, static_cast<char>('a' + i))});
  const MessagePage first = threads.messages(thread, 1000);
  CHECK(first.messages.size() == 10);
  REQUIRE(first.next);
  const MessagePage rest = threads.messages(thread, 1000, first.next);
  REQUIRE(rest.messages.size() == 2);
  CHECK(rest.messages.back().content.front() == 'a');
  CHECK_FALSE(rest.next);
}

TEST_CASE("extreme durations saturate", "[bounds]") {
  Notes world(any_storage());
  CHECK(world.notes().list({.timeout = for_ever}).size() == 1);
  CHECK(world.notes().count({.timeout = for_ever}) == 1);
  CHECK(world.system().events().list({.timeout = for_ever}).events.size() > 1);
  CHECK(world.system().relations().related(world.id, "x", RelationDirection::in, {.timeout = for_ever}).empty());
  CHECK(deadline_after(for_ever) == std::chrono::steady_clock::time_point::max());
  const auto at_once = deadline_after(before_all);
  CHECK(at_once <= std::chrono::steady_clock::now());
  CHECK(saturating_add(INT64_MAX, 1) == INT64_MAX);
  CHECK(saturating_add(INT64_MIN, -1) == INT64_MIN);
  CHECK(saturating_add(40, 2) == 42);
  CHECK(as_int_milliseconds(for_ever) == INT_MAX);
  CHECK(as_int_milliseconds(before_all) == 0);
  auto subscription = world.system().events().subscribe({.type = "note.created"});
  CHECK(subscription.next(for_ever).size() == 1);
  CHECK(subscription.next(before_all).empty());
  std::stop_source stop;
  auto stopped = world.system().events().subscribe({.type = "note.archived", .stop = stop.get_token()});
  const std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    stop.request_stop();
  });
  CHECK(stopped.next(for_ever).empty());
}

TEST_CASE("a value of Environment that is none makes no session", "[bounds]") {
  const World world(any_storage());
  CHECK_ERROR(invalid_data, world.system(static_cast<Environment>(7)));
}

TEST_CASE("a query that is stopped, or late, ends every kind of reading and may be tried again", "[bounds]") {
  Notes world(any_storage());
  for (int i = 0; i < 300; ++i) world.create("note", {{"text", "word" + std::to_string(i)}});
  std::stop_source stop;
  stop.request_stop();
  const std::stop_token asked = stop.get_token();
  const auto is_given_up = [](auto&& read) {
    try {
      read();
    } catch (const Error& error) {
      return error.code() == ErrorCode::storage && error.is_transient();
    }
    return false;
  };
  const auto notes = world.notes();
  const Condition slow = field("data.text").contains("zzz");
  CHECK(is_given_up([&] { (void)notes.list({.where = slow, .stop = asked}); }));
  CHECK(is_given_up([&] { (void)notes.list({.where = slow, .timeout = before_all}); }));
  CHECK(is_given_up([&] { (void)notes.list({.search = "word zzz", .stop = asked}); }));
  CHECK(is_given_up([&] { (void)notes.count({.where = slow, .stop = asked}); }));
  CHECK(is_given_up([&] { (void)notes.aggregate({.where = slow, .stop = asked}, {}, {{}}); }));
  CHECK(is_given_up([&] { (void)world.system().events().list({.actor = "nobody", .stop = asked}); }));
  const auto relations = world.system().relations();
  CHECK(is_given_up([&] { (void)relations.related(world.id, "x", RelationDirection::out, {.stop = asked}); }));
}

TEST_CASE("definitions of a scope are bounded, in words", "[bounds]") {
  World world(any_storage());
  DefinitionSet many;
  for (int i = 0; i < 10'001; ++i) many.add(DefinitionKind::role, {{"name", "r" + std::to_string(i)}});
  const std::string plan = error_of([&] { (void)Definitions(world.system()).plan(many); });
  CHECK(plan == "invalid_definition: there are at most 10000 definitions of the kind role");
}

TEST_CASE("the 10,001st definition of a kind is refused, in words", "[bounds]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_role({{"name", "first"}});
  RawDatabase raw(world.folder.file());
  const std::string scope = raw.rows("SELECT scope_id FROM roles").at(0).at(0);
  raw.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO roles(scope_id, id, "
      "name, created_at) SELECT " +
      scope + ", 'r' || i, 'r' || i, 0 FROM n WHERE i < 10000");
  const std::string role = error_of([&] { world.define_role({{"name", "last"}}); });
  CHECK(role == "invalid_definition: there are at most 10000 roles of a scope; remove one first");
  CHECK_NOTHROW(world.define_role({{"name", "first"}}));  // it is there
}

TEST_CASE("the definitions of a scope are bounded together, in words", "[bounds][large]") {
  World world(StorageKind::memory);  // the bound is the repository's
  const auto type = [](const std::string& slug, std::size_t bytes) {
    return Json{{"slug", slug}, {"schema", {{"description", std::string(bytes, 'x')}}}};
  };
  for (int i = 0; i < 16; ++i) world.define_type(type("t" + std::to_string(i), 1'000'000));
  const std::string bound =
      "invalid_definition: the entity types, roles and triggers of a scope are at most 16 MiB together; remove one "
      "first, or make it smaller";
  CHECK(error_of([&] { world.define_type(type("more", 1'000'000)); }) == bound);
  const Json trigger{{"slug", "t"},
                     {"on", {{"entityType", "t0"}, {"action", "created"}}},
                     {"actions", {{{"tool", "mine"}, {"args", {{"text", std::string(1'000'000, 'x')}}}}}}};
  CHECK(error_of([&] { (void)world.system().triggers().define(trigger); }) == bound);
  CHECK_NOTHROW(world.define_type(type("t3", 1'000'000)));
  CHECK_NOTHROW(world.define_type(type("t3", 10)));
  CHECK_NOTHROW(world.define_type(type("more", 1'000'000)));
  CHECK_NOTHROW(world.system().entity_types().remove("more"));
  CHECK_NOTHROW(world.system().triggers().define(trigger));
  CHECK_NOTHROW(world.define_type(type("t0", 1'000'000), Environment::production));  // a scope of its own
  DefinitionSet set;
  for (int i = 0; i < 34; ++i) set.add(DefinitionKind::entity_type, type("p" + std::to_string(i), 1'000'000));
  CHECK(error_of([&] { (void)Definitions(world.system()).plan(set); }) ==
        "invalid_definition: the entity types, roles and triggers of a plan are at most 32 MiB together");
}
