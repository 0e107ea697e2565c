// A server that hangs: it holds its connections, takes new ones, and says nothing.
#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "struere/spi/storage.hpp"
#include "struere/storage/postgres.hpp"
#include "struere/struere.hpp"
#include "support/cutting_relay.hpp"
#include "support/postgres_database.hpp"

using namespace struere;
using namespace std::chrono_literals;
using test::PostgresDatabase;
using test::RawPostgres;
using SteadyClock = std::chrono::steady_clock;

namespace {

const OrganizationId silent_company("acme");

struct SilentServer {
  explicit SilentServer(std::chrono::milliseconds probe_after) {
    PostgresOptions options;
    options.probe_after = probe_after;
    // A new connection waits for two seconds, which is the least that libpq takes.
    auto opened = open_postgres_storage(
        "postgresql:///" + server.name() + "?host=" + relay.folder() + "&user=struere_application&connect_timeout=2",
        options);
    storage = opened.get();
    database = std::make_unique<Database>(Database::with_storage(std::move(opened)));
    database->trusted_host().create_organization("acme", silent_company);
    session().entity_types().define({{"slug", "note"}});
    kept = session().entities("note").create({{"title", "kept"}}).id;
    secret = session().api_keys().create({.name = "app", .roles = {}}).secret;
  }

  Session session() const { return database->trusted_host().system_session(silent_company, Environment::development); }
  std::size_t count() const { return session().entities("note").count(); }

  PostgresDatabase server;
  test::CuttingRelay relay{RawPostgres(server.superuser())
                               .value("SELECT split_part(current_setting("
                                      "'unix_socket_directories'), ',', 1)")};
  std::unique_ptr<Database> database;
  Storage* storage = nullptr;
  EntityId kept{"none"};
  std::string secret;
};

struct GivenUp {
  std::string message;
  bool is_transient = false;
  std::chrono::milliseconds after{};
};

GivenUp given_up(const std::function<void()>& operation) {
  const auto begun = SteadyClock::now();
  try {
    operation();
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::storage);
    return {error.what(), error.is_transient(),
            std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - begun)};
  }
  FAIL("no error was thrown");
  return {};
}

// Beside other tests, all takes longer.
constexpr auto little = 20s;

}  // namespace

TEST_CASE("an operation is given up where the server says nothing, nor to a new connection", "[postgres]") {
  SilentServer silent(200ms);
  const Session session = silent.session();
  const std::vector<std::pair<const char*, std::function<void()>>> operations{
      {"get", [&] { session.entities("note").get(silent.kept); }},
      {"list", [&] { session.entities("note").list(); }},
      {"count", [&] { session.entities("note").count(); }},
      {"events", [&] { session.events().list(); }},
      {"authenticate", [&] { silent.database->authenticate(silent.secret); }},
      {"create",
       [&] {
         session.entities("note").create({{"title", "lost"}});
       }},
      {"a unit",
       [&] {
         session.transaction([](Session& unit) {
           unit.entities("note").create({{"title", "lost"}});
           unit.entities("note").create({{"title", "lost as well"}});
         });
       }},
      {"define",
       [&] {
         session.entity_types().define({{"slug", "lost"}});
       }},
      {"a look whether it is there", [&] { silent.storage->require_in_place(); }}};
  for (const auto& [name, operation] : operations) {
    CAPTURE(name);
    silent.session().entities("note").get(silent.kept);  // there is a connection that is good
    const std::size_t before = silent.count();
    silent.relay.fall_silent();
    const GivenUp told = given_up(operation);
    CAPTURE(told.message, told.after.count());
    CHECK(told.after > 2s);
    CHECK(told.after < little);
    silent.relay.speak_again();
    if (told.is_transient) {
      CHECK(told.message.find("does not answer, and nothing of the transaction was kept") != std::string::npos);
      CHECK(silent.count() == before);
    } else {
      CHECK(told.message.find("did not answer while a write was being committed, and it may have been kept") !=
            std::string::npos);
    }
  }
  CHECK(session.events().verify().ok);
}

TEST_CASE("an operation without a connection asks a server that says nothing for one, once", "[postgres]") {
  SilentServer silent(200ms);
  silent.relay.fall_silent();
  silent.relay.cut_all();
  const GivenUp told = given_up([&] { silent.count(); });
  CAPTURE(told.message, told.after.count());
  CHECK(told.is_transient);
  CHECK(told.message.find("cannot be reached") != std::string::npos);
  CHECK(told.after > 1s);
  CHECK(told.after < 7s);  // the other attempts that a retryable error is worth would take ten
  silent.relay.speak_again();
  CHECK(silent.count() == 1);
}

TEST_CASE("a query with a timeout or a stop ends soon beside a server that says nothing", "[postgres]") {
  SilentServer silent(1h);
  const EntityRepository notes = silent.session().entities("note");
  notes.list();
  Query query;
  std::stop_source stop;
  std::jthread stopper;
  SECTION("its timeout") { query.timeout = 300ms; }
  SECTION("its stop") {
    query.stop = stop.get_token();
    stopper = std::jthread([&] {
      std::this_thread::sleep_for(300ms);
      stop.request_stop();
    });
  }
  silent.relay.fall_silent();
  const GivenUp told = given_up([&] { notes.list(query); });
  CAPTURE(told.message);
  CHECK(told.is_transient);
  CHECK(told.after < little);
  silent.relay.speak_again();
  CHECK(silent.count() == 1);
}

TEST_CASE("a server that is only slow is waited for", "[postgres]") {
  const SilentServer slow(50ms);
  RawPostgres other(slow.server.superuser());
  other.run("BEGIN; LOCK TABLE struere.entities IN ACCESS EXCLUSIVE MODE");
  const std::jthread freeing([&] {
    std::this_thread::sleep_for(1s);
    other.run("COMMIT");
  });
  const auto begun = SteadyClock::now();
  CHECK(slow.session().entities("note").get(slow.kept).data().at("title") == "kept");
  CHECK(SteadyClock::now() - begun > 500ms);
}
