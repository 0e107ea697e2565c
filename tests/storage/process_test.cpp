// Two processes on one file: nothing stale, nothing half there, nothing lost that was acknowledged.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <memory>
#include <set>
#include <vector>

#include "support/acknowledged_work.hpp"
#include "support/child_process.hpp"
#include "support/jumping_clock.hpp"
#include "support/log_times.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

const Json teacher{{"name", "teacher"},
                   {"policies", {{{"resource", "session"}, {"actions", {"list", "read"}}, {"effect", "allow"}}}}};

}  // namespace

TEST_CASE("a role that another process changes is obeyed by the very next operation",
          "[storage][concurrency][process]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  world.define_role(teacher);
  world.create("session", {{"teacherId", "ana"}});
  const auto sessions = world.user("ana", {"teacher"}).entities("session");
  ChildProgram other("scoped_writer", {world.folder.file(), "role"});
  for (int round = 0; round < 40; ++round) {
    CHECK(sessions.list().size() == 1);  // the plan is in the cache now
    other.say("deny");
    REQUIRE(other.line() == "done");
    CHECK_ERROR(permission_denied, sessions.list());
    CHECK_FALSE(sessions.can(Action::read));
    other.say("allow");
    REQUIRE(other.line() == "done");
  }
}

TEST_CASE("a reader beside a writing process sees whole states, each later than the one before",
          "[storage][concurrency][process]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  const auto system = world.system();
  ChildProgram writer("scoped_writer", {world.folder.file(), "rows"});
  std::int64_t last = 0;
  for (int round = 0; round < 200; ++round) {
    const auto rows = system.entities("session").count();
    CHECK(rows >= last);
    last = rows;
    if (round % 20 == 0) CHECK(system.events().verify().ok);
  }
  CHECK_FALSE(writer.line().empty());
}

TEST_CASE("times do not run back, though two processes write by clocks that jump", "[storage][concurrency][process]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  const JumpingClock clock(1);
  const auto database =
      Database::open(world.folder.file(), {.sqlite = {.durability = Durability::normal}, .clock = &clock});
  const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  ChildProgram other("scoped_writer", {world.folder.file(), "jumpy"});
  REQUIRE_FALSE(other.line().empty());
  for (int i = 0; i < 60; ++i) system.entities("session").create(Json{{"n", i}});
  other.stop(SIGKILL);
  CHECK(other.wait() == -SIGKILL);
  CHECK(never_back(log_times(system)));
}

TEST_CASE("beside two processes that import without a pause, each of ten others gets its turn",
          "[storage][concurrency][process]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  ChildProgram one("scoped_writer", {world.folder.file(), "import"});
  ChildProgram two("scoped_writer", {world.folder.file(), "import"});
  REQUIRE(one.line() == "done");
  REQUIRE(two.line() == "done");
  std::vector<std::unique_ptr<ChildProgram>> others;
  for (int i = 0; i < 10; ++i)
    others.push_back(
        std::make_unique<ChildProgram>("scoped_writer", std::vector{world.folder.file(), std::string("short")}));
  for (const auto& other : others) {
    const std::string said = other->line();
    CAPTURE(said);
    CHECK(said.find_first_not_of("0123456789") == std::string::npos);  // the milliseconds of the slowest
    CHECK(other->wait() == 0);
  }
  CHECK(one.line() == "done");  // both go on
  CHECK(two.line() == "done");
}

TEST_CASE("a reader does not wait for the writer of another process", "[storage][concurrency][process]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  world.create("session", {{"n", 1}});
  const auto writing = world.begin_write();
  ChildProgram reader("scoped_writer", {world.folder.file(), "count"});
  CHECK(reader.line() == "1");  // while the transaction is open: it would wait for ever
  CHECK(reader.wait() == 0);
}

TEST_CASE("a writer that is killed loses nothing that it was told is done", "[storage][concurrency][process][kill]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  std::set<std::string> acknowledged;
  for (int round = 0; round < 40; ++round) {
    ChildProgram writer("scoped_writer", {world.folder.file(), "rows"});
    for (int i = 0; i <= round / 2; ++i)
      if (const std::string id = writer.line(); !id.empty()) acknowledged.insert(id);
    writer.stop(SIGKILL);
    for (std::string id = writer.line(); !id.empty(); id = writer.line()) acknowledged.insert(id);
    CHECK(writer.wait() == -SIGKILL);

    const auto database = Database::open(world.folder.file());
    const auto system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    const Verification verification = system.events().verify();
    CHECK(verification.ok);
    // Each row has its event: one for the type, then one a row.
    CHECK(verification.verified == 1 + system.entities("session").count());
    for (const std::string& id : acknowledged) CHECK(system.entities("session").find(EntityId(id)));
  }
  CHECK(acknowledged.size() >= 20);
}

// STRUERE_KILLS says how many, for a long run.
TEST_CASE("a writer that is killed in the middle of anything leaves whole rows, each with its events",
          "[storage][concurrency][process][kill]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  const char* const wanted = std::getenv("STRUERE_KILLS");
  const int rounds = wanted ? std::atoi(wanted) : 25;
  for (int round = 0; round < rounds; ++round) {
    AcknowledgedWork acknowledged;
    ChildProgram writer("scoped_writer", {world.folder.file(), "work"});
    for (int i = 0; i < 1 + round % 40; ++i) acknowledged.add(writer.line());
    writer.stop(SIGKILL);
    for (std::string line = writer.line(); !line.empty(); line = writer.line()) acknowledged.add(line);
    CHECK(writer.wait() == -SIGKILL);

    const auto database = Database::open(world.folder.file());
    acknowledged.check_stored(database.trusted_host().system_session(OrganizationId("acme"), Environment::development));
  }
}
