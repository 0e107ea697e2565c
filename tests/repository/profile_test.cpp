// What a query costs, and when it is given up.
#include <catch2/catch.hpp>

#include <thread>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;
using namespace std::chrono_literals;

namespace {

void fill(World& world, int count) {
  world.define_type({{"slug", "note"}});
  world.define_role(
      {{"name", "owner"},
       {"policies", {{{"resource", "note"}, {"actions", {"list"}}, {"effect", "allow"}}}},
       {"scopeRules",
        {{{"entityType", "note"}, {"field", "data.owner"}, {"operator", "eq"}, {"value", "actor.userId"}}}}});
  std::vector<Json> rows;
  for (int i = 0; i < count; ++i)
    rows.push_back({{"n", i}, {"owner", i % 4 == 0 ? "ana" : "bo"}, {"text", std::string(200, 'x')}});
  world.system().entities("note").create_all(rows);
}

}  // namespace

TEST_CASE("a profile tells time, grants and index", "[profile]") {
  World world(StorageKind::sqlite);
  fill(world, 40);
  const Session ana = world.user("ana", {"owner"});
  const QueryProfile profile = world.system().profile(ana, "note");
  CHECK(profile.rows == 10);
  CHECK(profile.runs >= 1);
  CHECK(profile.best > 0ns);
  CHECK(profile.first >= profile.best);
  REQUIRE(profile.explanation.grants.size() == 1);
  CHECK(profile.explanation.grants[0].role == "owner");
  REQUIRE(profile.steps.size() == 3);
  CHECK(profile.steps[0] == "by the field key data.owner");
  CHECK(profile.steps[1].find("USING PRIMARY KEY") != std::string::npos);
  const auto scan = world.system().profile(ana, "note", {.order = {{"data.n"}}});
  CHECK(scan.steps.size() == 4);  // it is sorted

  CHECK_ERROR(permission_denied, ana.profile(ana, "note"));
  CHECK_ERROR(permission_denied, world.system(Environment::production).profile(ana, "note"));
  const QueryProfile denied = world.system().profile(world.user("bo"), "note");
  CHECK_FALSE(denied.explanation.decision);
  CHECK(denied.runs == 0);
  CHECK(denied.steps.empty());
}

TEST_CASE("a query is given up after its timeout, or when nobody wants the answer", "[profile]") {
  World world(any_storage());
  fill(world, 2000);
  const auto notes = world.system().entities("note");
  const Condition unindexed = field("data.text").contains("y") || field("data.n") < 0;
  CHECK(notes.count({.where = unindexed}) == 0);
  CHECK_ERROR(storage, notes.count({.where = unindexed, .timeout = 0ms}));
  CHECK_ERROR(storage, notes.list({.where = unindexed, .timeout = 0ms}));
  std::stop_source source;
  CHECK(notes.list({.where = unindexed, .timeout = 1h, .stop = source.get_token()}).empty());
  source.request_stop();
  CHECK_ERROR(storage, notes.list({.where = unindexed, .stop = source.get_token()}));
  // The next one is itself again.
  CHECK(notes.count({.where = unindexed}) == 0);
  CHECK(notes.create({{"n", 1}}).row.has_value());
}
