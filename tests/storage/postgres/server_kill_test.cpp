// The server dies while writes are being committed: whatever was acknowledged is there, and nothing else than what was
// said to be unknown.
#include <signal.h>  // kill, which is POSIX's
#include <catch2/catch.hpp>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;

TEST_CASE("what was acknowledged survives a server that is killed during commits", "[postgres][kill]") {
  const test::PostgresDatabase server;
  const Database database = Database::open(server.application());
  const OrganizationId acme("acme");
  database.trusted_host().create_organization("acme", acme);
  const auto session = [&] { return database.trusted_host().system_session(acme, Environment::development); };
  session().entity_types().define({{"slug", "note"}, {"name", "Note"}});

  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::int64_t unknown = 0, refused = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      while (!stop) try {
          const std::string id = session().entities("note").create({{"n", 1}}).id.str();
          const std::scoped_lock lock(mutex);
          acknowledged.insert(id);
        } catch (const Error& error) {
          const std::scoped_lock lock(mutex);
          const bool may_be_kept = std::string(error.what()).find("may have been kept") != std::string::npos;
          ++(may_be_kept ? unknown : refused);
          CHECK(error.code() == ErrorCode::storage);
          CHECK(error.is_transient() != may_be_kept);
        }
    });
  // When one of its processes is killed, the server ends all others and begins anew from its log.
  int kills = 0;
  for (int round = 0; round < 6; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    try {
      const std::string pid = test::RawPostgres(server.superuser())
                                  .value(
                                      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state "
                                      "= 'active' AND pid <> pg_backend_pid() LIMIT 1");
      if (!pid.empty() && kill(static_cast<pid_t>(std::stol(pid)), SIGKILL) == 0) ++kills;
    } catch (const std::exception&) {  // it is still beginning anew
    }
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  // Its recovery takes as long as the disk lets it.
  for (int waited = 0; waited < 600; ++waited) try {
      test::RawPostgres(server.superuser()).value("SELECT 1");
      break;
    } catch (const std::exception&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  REQUIRE(kills > 0);
  REQUIRE(!acknowledged.empty());

  std::set<std::string> stored;
  Query query{.limit = 1000};
  for (;;) {
    const auto page = session().entities("note").list(query);
    for (const Entity& note : page) stored.insert(note.id().str());
    if (!page.next()) break;
    query.after = page.next();
  }
  std::int64_t lost = 0;
  for (const std::string& id : acknowledged) lost += stored.contains(id) ? 0 : 1;
  CHECK(lost == 0);
  CHECK(static_cast<std::int64_t>(stored.size()) <= static_cast<std::int64_t>(acknowledged.size()) + unknown);
  CHECK(session().events().verify().ok);
  WARN(kills << " kills: " << acknowledged.size() << " writes acknowledged, " << unknown << " unknown, " << refused
             << " refused");
}
