// What a database counts of itself for monitoring.
#include <catch2/catch.hpp>

#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("an open database counts its commits and what it found in memory", "[repository]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "note"}});
  world.define_role(
      {{"name", "reader"}, {"policies", {{{"resource", "note"}, {"actions", {"read", "list"}}, {"effect", "allow"}}}}});
  const std::string key = world.system().api_keys().create({.name = "app", .roles = {"reader"}}).secret;
  const DatabaseActivity before = world.host().activity();
  REQUIRE(before.commits);
  for (int i = 0; i < 3; ++i) world.create("note", {{"n", i}});
  const DatabaseActivity written = world.host().activity();
  CHECK(written.commits->writes >= before.commits->writes + 3);
  CHECK(written.commits->commits >= before.commits->commits + 3);  // nobody waited, so that none was shared
  CHECK(written.commits->commits <= written.commits->writes);
  // Found in memory once the use of the key was written, which may take a moment.
  DatabaseActivity read;
  std::uint64_t asked = 0;
  do {
    REQUIRE(world.database->authenticate(key).entities("note").count() == 3);
    read = world.host().activity();
    ++asked;
  } while (read.api_keys.hits == written.api_keys.hits && asked < 100'000);
  CHECK(read.api_keys.hits == written.api_keys.hits + 1);
  CHECK(read.api_keys.misses == written.api_keys.misses + asked - 1);
  CHECK(read.rules.hits + read.rules.misses >= written.rules.hits + written.rules.misses + asked);
  CHECK(read.rules.hits > written.rules.hits);
}

TEST_CASE("an environment with a run that is due is counted until a worker has done it", "[repository]") {
  World world;
  world.define_type({{"slug", "note"}});
  world.system().triggers().define({{"slug", "greet"},
                                    {"on", {{"entityType", "note"}, {"action", "created"}}},
                                    {"actions", {{{"tool", "event.emit"}, {"args", {{"type", "note.seen"}}}}}}});
  CHECK(world.host().environments_with_due_runs() == 0);
  world.create("note", {{"n", 1}});
  CHECK(world.host().environments_with_due_runs() == 1);
  TriggerWorker(*world.database).run_due();
  CHECK(world.host().environments_with_due_runs() == 0);
  CHECK_FALSE(world.host().activity().commits);  // memory has none
}
