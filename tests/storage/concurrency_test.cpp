// Many threads on one database.
#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "support/any_storage.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

constexpr int threads = 6, rounds = 60;

void run_in_threads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> running;
  for (int i = 0; i < count; ++i) running.emplace_back(body, i);
  for (std::thread& thread : running) thread.join();
}

}  // namespace

TEST_CASE("threads that change one row lose no change", "[storage][concurrency]") {
  World world(any_storage());
  world.define_type({{"slug", "counter"}});
  const EntityId id = world.create("counter", {{"n", 0}});
  const auto system = world.system();
  std::atomic<int> done = 0, stale = 0, failed = 0;
  run_in_threads(threads, [&](int) {
    const auto counters = system.entities("counter");
    for (int i = 0; i < rounds; ++i) {
      try {
        const Entity row = counters.get(id);
        counters.update(id, Json{{"n", row.data().at("n").get<int>() + 1}}, {.version = row.version()});
        ++done;
      } catch (const Error& error) {
        ++(error.code() == ErrorCode::conflict ? stale : failed);
      }
    }
  });
  const Entity row = system.entities("counter").get(id);
  CHECK(failed == 0);  // nobody was told that the database is busy
  CHECK(done + stale == threads * rounds);
  CHECK(row.data().at("n") == done.load());
  CHECK(row.version() == done + 1);
  CHECK(system.events().verify().ok);
}

TEST_CASE("readers, writers and a changing role side by side", "[storage][concurrency]") {
  World world(any_storage());
  world.define_type({{"slug", "session"}});
  const auto role = [](const char* mask) {
    return Json{
        {"name", "teacher"},
        {"policies", {{{"resource", "session"}, {"actions", {"list", "read", "create"}}, {"effect", "allow"}}}},
        {"scopeRules",
         {{{"entityType", "session"}, {"field", "data.teacherId"}, {"operator", "eq"}, {"value", "actor.userId"}}}},
        {"fieldMasks", {{{"entityType", "session"}, {"fieldPath", mask}, {"maskType", "hide"}}}}};
  };
  world.define_role(role("data.secret"));
  const Session ana = world.user("ana", {"teacher"}), system = world.system();
  world.user("bo");
  std::atomic<int> leaked = 0, foreign = 0, failed = 0;
  run_in_threads(threads, [&](int number) {
    for (int i = 0; i < rounds; ++i) {
      try {
        if (number == 0) {
          // Both masks hide the secret; what is compiled for one must never be used with half of the other.
          system.roles().define(role(i % 2 == 0 ? "data.secret.inner" : "data.secret"));
        } else if (number == 1) {
          system.entities("session").create(
              Json{{"teacherId", i % 2 == 0 ? "ana" : "bo"}, {"secret", {{"inner", "s3cret"}}}});
        } else {
          for (const Entity& row : ana.entities("session").list()) {
            if (row.json().find("s3cret") != std::string::npos) ++leaked;
            if (row.data().at("teacherId") != "ana") ++foreign;
          }
        }
      } catch (const Error&) {
        ++failed;
      }
    }
  });
  CHECK(leaked == 0);
  CHECK(foreign == 0);
  CHECK(failed == 0);
  CHECK(system.events().verify().ok);
}

TEST_CASE("a reader does not wait for a writer", "[storage][concurrency]") {
  World world(StorageKind::sqlite);
  world.define_type({{"slug", "session"}});
  world.create("session", {{"n", 1}});
  const auto writing = world.begin_write();
  std::int64_t seen = 0;
  std::thread([&] { seen = world.system().entities("session").count(); }).join();
  CHECK(seen == 1);
}
