// The server dies, or its disk is full, while writes are being committed: whatever was acknowledged is there, and
// nothing else than what was said to be unknown.
#include <signal.h>  // kill, which is POSIX's
#include <sys/statvfs.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "struere/struere.hpp"
#include "support/postgres_database.hpp"

using namespace struere;

namespace {

// Writers of notes, and what they were told.
class Writers {
 public:
  Writers() {
    database.trusted_host().create_organization("acme", acme);
    session().entity_types().define({{"slug", "note"}, {"name", "Note"}});
  }

  Session session() const { return database.trusted_host().system_session(acme, Environment::development); }

  void write(const Json& data) {
    try {
      const std::string id = session().entities("note").create(data).id.str();
      const std::scoped_lock lock(mutex_);
      acknowledged.insert(id);
    } catch (const Error& error) {
      const std::scoped_lock lock(mutex_);
      ++(std::string(error.what()).find("may have been kept") != std::string::npos ? unknown : refused);
      if (error.code() != ErrorCode::storage) others.emplace_back(error.what());
      last_refusal = error.what();
    }
  }
  void start(int threads) {
    for (int i = 0; i < threads; ++i)
      threads_.emplace_back([&] {
        while (!stop_) write({{"n", 1}});
      });
  }
  void finish() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

  // Its recovery takes as long as the disk lets it.
  void wait_for_server() const {
    for (int waited = 0; waited < 600; ++waited) try {
        test::RawPostgres(server.superuser()).value("SELECT 1");
        return;
      } catch (const std::exception&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    FAIL("the server does not come back");
  }

  void check_stored() const {
    std::set<std::string> stored;
    Query query{.limit = 1000};
    for (;;) {
      const auto page = session().entities("note").list(query);
      for (const Entity& note : page) stored.insert(note.id().str());
      if (!page.next()) break;
      query.after = page.next();
    }
    REQUIRE(!acknowledged.empty());
    std::int64_t lost = 0;
    for (const std::string& id : acknowledged) lost += stored.contains(id) ? 0 : 1;
    CHECK(lost == 0);
    CHECK(static_cast<std::int64_t>(stored.size()) <= static_cast<std::int64_t>(acknowledged.size()) + unknown);
    CHECK(others.empty());
    CHECK(session().events().verify().ok);
    CHECK_NOTHROW(session().entities("note").create({{"n", 2}}));
  }

  // Where the server keeps its data: of scripts/postgres_server, and of no other one.
  std::string folder() const {
    const std::string out = test::RawPostgres(server.superuser()).value("SHOW data_directory");
    REQUIRE(out.find("/struere-postgres-") != std::string::npos);
    return out;
  }

  const OrganizationId acme{"acme"};
  test::PostgresDatabase server;
  const Database database = Database::open(server.application());
  std::set<std::string> acknowledged;
  std::vector<std::string> others;  // errors of another code
  std::string last_refusal;
  std::int64_t unknown = 0, refused = 0;

 private:
  std::atomic<bool> stop_ = false;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("what was acknowledged survives a server that is killed during commits", "[postgres][kill]") {
  Writers writers;
  // When one of its processes is killed, the server ends all others and begins anew from its log. When the first of all
  // is, scripts/postgres_server starts another one.
  const bool kills_postmaster = GENERATE(false, true);
  CAPTURE(kills_postmaster);
  writers.start(4);
  int kills = 0;
  for (int round = 0; round < 6; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    if (kills_postmaster) writers.wait_for_server();
    try {
      std::string pid;
      if (kills_postmaster)
        std::getline(std::ifstream(writers.folder() + "/postmaster.pid"), pid);
      else
        pid = test::RawPostgres(writers.server.superuser())
                  .value(
                      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND "
                      "pid <> pg_backend_pid() LIMIT 1");
      if (!pid.empty() && kill(static_cast<pid_t>(std::stol(pid)), SIGKILL) == 0) ++kills;
    } catch (const std::exception&) {  // it is still beginning anew
    }
  }
  writers.finish();
  writers.wait_for_server();
  REQUIRE(kills > 0);
  writers.check_stored();
  WARN(kills << " kills: " << writers.acknowledged.size() << " writes acknowledged, " << writers.unknown << " unknown, "
             << writers.refused << " refused");
}

// Run by ctest with a server on a small tmpfs (tests/postgres/on_small_disk). Its tag is not one of those that select
// the tests of PostgreSQL, because Catch runs a hidden test as well if one of its tags is asked for.
TEST_CASE("a full disk is an error, and what was acknowledged is there once it has space again", "[.disk_full]") {
  Writers writers;
  const std::string filler = writers.folder() + "/../filler";
  struct statvfs disk {};
  REQUIRE(statvfs(writers.folder().c_str(), &disk) == 0);
  REQUIRE(disk.f_blocks * disk.f_frsize <= 512UL << 20);  // it is about to be filled
  std::mt19937 random(1);
  const auto large = [&] {  // which is not compressed
    std::string text(20'000, ' ');
    for (char& c : text) c = static_cast<char>('0' + random() % 64);
    return Json{{"text", text}};
  };
  for (int i = 0; i < 20; ++i) writers.write(large());
  REQUIRE(writers.refused == 0);
  {
    std::ofstream file(filler, std::ios::binary);
    const std::string zeros(1 << 20, '\0');
    while (file.write(zeros.data(), static_cast<std::streamsize>(zeros.size())).flush()) continue;
  }
  for (int i = 0; i < 5000 && writers.refused + writers.unknown < 20; ++i) writers.write(large());
  CHECK(writers.refused > 0);
  INFO(writers.last_refusal);
  REQUIRE(std::remove(filler.c_str()) == 0);
  writers.wait_for_server();
  writers.check_stored();
  WARN(writers.acknowledged.size() << " writes acknowledged, " << writers.unknown << " unknown, " << writers.refused
                                   << " refused, at last: " << writers.last_refusal);
}
