// However SQLite gets at the rows of a query, by a key, by what leads to few rows, or in order until a page is full,
// they are those that the memory storage finds by looking at each.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// The same ids and times in each.
struct Tasks : World {
  Tasks(StorageKind kind, int tasks) : World(kind) {
    define_type(R"({"slug": "task", "searchFields": ["note"], "unique": [["code"]], "schema": {"properties": {
      "n": {"type": "integer", "x-index": true}, "done": {"type": "boolean", "x-index": true},
      "team": {"type": "string", "x-index": true}, "code": {"type": "string"}, "note": {"type": "string"}}}})"_json);
    define_type({{"slug", "person"}, {"boundToRole", "own"}});
    define_type({{"slug", "other"}});
    const Json everything = {{{"resource", "*"}, {"actions", {"*"}}, {"effect", "allow"}}};
    const auto role = [&](const char* name, const Json& rule) {
      Json of_tasks = rule;
      of_tasks["entityType"] = "task";
      define_role({{"name", name}, {"policies", everything}, {"scopeRules", {of_tasks}}});
    };
    role("team", {{"field", "data.team"}, {"operator", "eq"}, {"value", "t3"}});
    role("done", {{"field", "data.done"}, {"operator", "eq"}, {"value", true}});
    role("own", {{"relationPath", "has"}});
    define_role(R"({"name": "few", "policies": [{"resource": "*", "actions": ["*"], "effect": "allow"}], "scopeRules": [
        {"entityType": "task", "field": "id", "operator": "in", "value": "actor.relatedIds:sees"},
        {"entityType": "other", "field": "id", "operator": "in", "value": "actor.relatedIds:sees"},
        {"entityType": "person", "field": "id", "operator": "in", "value": "actor.relatedIds:sees"}]})"_json);
    role("some", R"({"any": [{"field": "data.team", "operator": "eq", "value": "t1"}, {"relationPath": "has"},
                             {"field": "id", "operator": "in", "value": "actor.relatedIds:sees"}]})"_json);
    define_role(
        R"({"name": "masked", "policies": [{"resource": "task", "actions": ["list", "read"], "effect": "allow"}],
            "scopeRules": [{"entityType": "task", "field": "data.team", "operator": "in", "value": ["t2", "t3"]}],
            "fieldMasks": [{"entityType": "task", "fieldPath": "data.n", "maskType": "hide"}]})"_json);
    const EntityId self = create("person", {{"userId", "ana"}});
    for (int first = 0; first < tasks; first += 20) {
      std::vector<Json> rows;
      for (int i = first; i < first + 20; ++i)
        rows.push_back({{"n", i * 7 % tasks},
                        {"done", i % 9 != 0},
                        {"team", fmt::format("t{}", i % 40 == 0  ? 1
                                                    : i % 5 == 0 ? 2
                                                                 : 3)},
                        {"code", fmt::format("c{}", i)},
                        {"note", i % 3 == 0 ? "red apple" : "green pear"}});
      clock.advance(10);
      times.push_back(clock.now());
      for (const EntityId& id : system().entities("task").create_all(rows)) ids.push_back(id);
    }
    for (int i = 1; i < tasks; i += 400) gone.push_back(ids[static_cast<std::size_t>(i)]);
    system().transaction([&](Session& unit) {
      for (int i = 0; i < tasks; i += 5) unit.relations().link(self, "has", ids[static_cast<std::size_t>(i)]);
      for (int i = 1; i < tasks; i += 100) unit.relations().link(self, "sees", ids[static_cast<std::size_t>(i)]);
    });
  }

  std::vector<Timestamp> times;
  std::vector<EntityId> ids, gone;  // `gone`: some that a test deletes at last
};

std::vector<Condition> conditions(const Tasks& world) {
  const std::vector<std::string> some{world.ids[3].str(), world.ids[150].str(), world.ids[3].str(), "nobody"};
  std::vector<Condition> out{
      {},
      field("data.code") == "c7",
      field("data.code") == "c7" && field("data.done") == true,
      field("data.done") == false && field("data.team") == "t1",
      field("data.code") == "c7" || field("data.code") == "c45",
      field("data.n") >= 100 && field("data.n") < 130,
      field("data.n") >= 100 && field("data.n") < "a",
      field("data.n") < 200 && field("data.done") == false,
      field("data.done").in({true, 5}),
      field("id").in(some),
      field("id") == some[0] && field("data.done") == true,
      field("id") == some[0] || field("data.n") == 5,
      field("createdAt") >= world.times[3] && field("createdAt") < world.times[5] && field("data.done") == true,
      (field("data.team") == "t1" || field("data.n") < 20) && field("data.done") == true,
  };
  return out;
}

std::vector<std::string> rows_of(const Session& actor, const Query& query) {
  std::vector<std::string> out;
  for (const Entity& row : actor.entities("task").list(query)) out.push_back(row.id().str());
  return out;
}

void compare(int tasks, const std::vector<std::string>& roles) {
  const Tasks memory(StorageKind::memory, tasks), file(StorageKind::sqlite, tasks);
  const auto actor = [&](const Tasks& world) { return roles.empty() ? world.system() : world.user("ana", roles); };
  const Session here = actor(memory), there = actor(file);
  const std::vector<Condition> asked = conditions(memory);
  const std::vector<std::vector<OrderBy>> orders{
      {}, {{"createdAt"}}, {{"data.n", Direction::descending}}, {{"id"}}, {{"status"}}};
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Query query{.where = asked[i], .order = orders[i % orders.size()], .limit = i % 2 == 0 ? 1000 : 30};
    INFO("condition " << i << " under " << (roles.empty() ? "all" : roles.front()));
    CHECK(rows_of(there, query) == rows_of(here, query));
    CHECK(there.entities("task").count({.where = asked[i]}) == here.entities("task").count({.where = asked[i]}));
    Query next = query;
    next.limit = 7;
    next.after = there.entities("task").list(next).next();
    Query next_here = query;
    next_here.limit = 7;
    next_here.after = here.entities("task").list(next_here).next();
    if (next.after) CHECK(rows_of(there, next) == rows_of(here, next_here));
  }
  const Query found{.where = field("data.done") == true, .search = "apple"};
  CHECK(rows_of(there, found) == rows_of(here, found));
  for (const Tasks* const world : {&memory, &file}) world->system().entities("task").remove_all(world->gone);
  for (const EventQuery& events : {EventQuery{.limit = 40}, EventQuery{.newest_first = true, .limit = 40},
                                   EventQuery{.type = "task.created", .limit = 1000},
                                   EventQuery{.type = "task.deleted"}, EventQuery{.type = "nothing"}}) {
    std::vector<std::string> found, expected;
    for (const Event& event : there.events().list(events).events) found.push_back(event.id().str());
    for (const Event& event : here.events().list(events).events) expected.push_back(event.id().str());
    CHECK(found == expected);
  }
}

}  // namespace

TEST_CASE("whatever leads SQLite to the rows of a query, they are the same rows in the same order",
          "[sqlite][query_plan]") {
  using Roles = std::vector<std::string>;
  compare(220, GENERATE(Roles{"team"}, Roles{"some"}, Roles{"few"}, Roles{"done", "masked"}));
}

TEST_CASE("nor do they differ where more rows are found than are looked for one by one",
          "[sqlite][query_plan][large]") {
  using Roles = std::vector<std::string>;
  compare(1'300, GENERATE(Roles{}, Roles{"team"}, Roles{"own"}, Roles{"some"}, Roles{"few"}, Roles{"done", "masked"}));
}
