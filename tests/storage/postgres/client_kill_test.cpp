// Clients of a server are killed at any moment: what they were told is done is there, a write is there completely or
// not at all, and others go on.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <random>
#include <set>
#include <thread>

#include "struere/struere.hpp"
#include "support/acknowledged_work.hpp"
#include "support/child_process.hpp"
#include "support/killed_workers.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// STRUERE_KILLS says how many each test kills, for a long run.
int kills(int usual) {
  const char* const wanted = std::getenv("STRUERE_KILLS");
  return wanted ? std::atoi(wanted) : usual;
}

// The server may still carry out what a client sent before it died: a write that was not acknowledged. None of our own
// connections may be open.
void wait_for_sessions_to_end(const PostgresDatabase& server) {
  RawPostgres superuser(server.superuser());
  for (int waited = 0; waited < 6000; ++waited) {
    if (superuser.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                        "backend_type = 'client backend' AND pid <> pg_backend_pid()") == "0")
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("the server keeps the session of a client that is dead");
}

class KilledWriters {
 public:
  KilledWriters() {
    const Database database = open();
    database.trusted_host().create_organization("Acme", OrganizationId("acme"));
    system_of(database).entity_types().define({{"slug", "session"}});
  }
  Database open() const {
    return Database::open(server.application(), {.sqlite = {.busy_timeout = std::chrono::seconds(30)}});
  }
  static Session system_of(const Database& database) {
    return database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  }

  // Kills `writer` and passes what it had said to `add`. Another one writes at once, and then the server has ended
  // whatever the dead one had begun.
  template <class Add>
  void kill(ChildProgram& writer, const Add& add) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    writer.stop(SIGKILL);
    for (std::string line = writer.line(); !line.empty(); line = writer.line()) add(line);
    CHECK(writer.wait() == -SIGKILL);
    CHECK_NOTHROW(system_of(open()).entities("session").create({{"other", true}}));
    ++others;
    wait_for_sessions_to_end(server);
  }

  static std::vector<Entity> all_rows(const Session& system) {
    std::vector<Entity> out;
    Query query{.limit = 1000};
    do {
      const EntityPage page = system.entities("session").list(query);
      out.insert(out.end(), page.begin(), page.end());
      query.after = page.next();
    } while (query.after);
    return out;
  }

  const PostgresDatabase server;
  const std::uint32_t seed = std::random_device{}();
  std::mt19937 random{seed};
  int others = 0;  // rows of the other writer
};

// What `scoped_writer PLACE units` said.
struct Units {
  std::set<std::string> begun, acknowledged;  // the first row of each

  void add(const std::string& line) {
    const auto space = line.find(' ');
    if (space == std::string::npos) return;
    (line.starts_with("done ") ? acknowledged : begun).insert(line.substr(space + 1));
  }

  // Returns how many are there that were not acknowledged.
  std::size_t check_stored(const Session& system, int others) const {
    constexpr std::int64_t events_of_unit = 4 + 3 + 1, parts = 3;  // creates, links, update
    std::set<std::string> units;
    std::int64_t rows = 0;
    for (const Entity& row : KilledWriters::all_rows(system)) {
      const Json data = row.data();
      ++rows;
      if (!data.contains("says")) continue;
      units.insert(row.id().str());
      CHECK(row.version() == 2);
      CHECK(data.at("says") == 2);
      const EntityPage linked = system.relations().related(row.id(), "part", RelationDirection::in);
      CHECK(linked.size() == parts);
      for (const Entity& part : linked) CHECK(part.data().at("of") == row.id().str());
    }
    const auto count = static_cast<std::int64_t>(units.size());
    CHECK(rows == others + count * (1 + parts));
    std::size_t lost = 0, unannounced = 0;
    for (const std::string& id : acknowledged) lost += units.contains(id) ? 0 : 1;
    for (const std::string& id : units) unannounced += begun.contains(id) ? 0 : 1;
    CHECK(lost == 0);
    CHECK(unannounced == 0);
    const Verification verification = system.events().verify();
    CHECK(verification.ok);
    CHECK(verification.verified == 1 + others + count * events_of_unit);  // the first is of the type
    return units.size() - (acknowledged.size() - lost);
  }
};

}  // namespace

TEST_CASE("a client that is killed while it writes to PostgreSQL leaves whole rows, each with its events",
          "[postgres][process][kill]") {
  KilledWriters killed;
  INFO("seed " << killed.seed);
  for (int round = 0; round < kills(8); ++round) {
    AcknowledgedWork acknowledged;
    ChildProgram writer("scoped_writer", {killed.server.application(), "work"});
    for (auto lines = 1 + killed.random() % 30; lines > 0; --lines) acknowledged.add(writer.line());
    killed.kill(writer, [&](const std::string& line) { acknowledged.add(line); });
    REQUIRE(acknowledged.rows() > 0);

    const Database database = killed.open();
    const Session system = KilledWriters::system_of(database);
    acknowledged.check_stored(system);
    for (const Entity& row : KilledWriters::all_rows(system))
      if (!row.data().contains("other")) AcknowledgedWork::check_whole(row);
  }
}

TEST_CASE("a unit of work whose client is killed is in PostgreSQL completely or not at all",
          "[postgres][process][kill]") {
  KilledWriters killed;
  INFO("seed " << killed.seed);
  Units units;
  const auto add = [&](const std::string& line) { units.add(line); };
  std::size_t unacknowledged = 0;
  for (int round = 0; round < kills(8); ++round) {
    // Of two, one is killed anywhere; the other one in the middle of a unit, where it waits.
    const bool is_held = round % 2 == 0;
    CAPTURE(is_held);
    ChildProgram writer("scoped_writer", {killed.server.application(), "units"});
    const auto complete = killed.random() % 8;
    writer.say(std::string(is_held ? complete : 10'000, '\n'));  // and the end of the line
    std::string line;
    for (auto lines = 2 * complete + 3; lines > 0; --lines) add(line = writer.line());
    if (is_held) {
      REQUIRE(line.starts_with("begun "));
      CHECK_FALSE(KilledWriters::system_of(killed.open()).entities("session").find(EntityId(line.substr(6))));
    }
    killed.kill(writer, add);
    const Database database = killed.open();
    const Session system = KilledWriters::system_of(database);
    unacknowledged = units.check_stored(system, killed.others);
    if (is_held) CHECK_FALSE(system.entities("session").find(EntityId(line.substr(6))));
  }
  REQUIRE(!units.acknowledged.empty());
  WARN(units.begun.size() << " units begun, " << units.acknowledged.size() << " acknowledged, " << unacknowledged
                          << " stored without that");
}

TEST_CASE("killed workers on PostgreSQL lose no run, and no completed step is done again",
          "[postgres][process][triggers][kill]") {
  const PostgresDatabase server;
  KilledWorkers workers(server.application(), std::chrono::milliseconds(500));
  INFO("seed " << workers.seed());
  for (int round = 0; round < kills(5); ++round) {
    workers.play_round();
    wait_for_sessions_to_end(server);
  }
  REQUIRE(workers.written() > 0);
  workers.finish();
}

TEST_CASE("a run whose worker is killed on PostgreSQL goes on after its lease, from the step that was not completed",
          "[postgres][process][triggers][kill]") {
  const PostgresDatabase server;
  KilledWorkers workers(server.application(), std::chrono::milliseconds(500));
  const TriggerRunId id = workers.kill_in_tool();
  wait_for_sessions_to_end(server);
  const TriggerRun left = workers.run(id);
  CHECK(left.status == TriggerRunStatus::running);
  CHECK(left.attempts == 1);
  CHECK(left.steps.size() == 3);
  const auto calls = workers.finish();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0] == std::pair(id.str(), std::size_t{3}));
  const TriggerRun done = workers.run(id);
  CHECK(done.attempts == 2);
  CHECK(done.worker != left.worker);
}
