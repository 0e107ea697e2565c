// What a create is checked for without the stored rows is checked before it takes the write lock.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "support/any_storage.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("a create that is slow to validate keeps no other organization waiting", "[entities][schema]") {
  World world(any_storage());
  world.add_organization("globex");
  Json checks = Json::array(), values = Json::array();
  for (int i = 0; i < 100; ++i) checks.push_back(Json{{"not", {{"const", i}}}});
  for (int i = 0; i < 2'000; ++i) values.push_back(-1);
  world.define_type({{"slug", "slow"}, {"schema", {{"properties", {{"v", {{"items", {{"allOf", checks}}}}}}}}}});
  world.define_type({{"slug", "note"}}, Environment::production, "globex");
  const auto slow = world.system().entities("slow");
  const auto quick = world.system(Environment::production, "globex").entities("note");
  slow.create(Json::object());

  using Clock = std::chrono::steady_clock;
  const auto since = [](Clock::time_point start) { return Clock::now() - start; };
  // A validation inside the write lock makes some quick create wait for all of it, every time. A busy machine does not.
  const auto a_quick_create_waits = [&] {
    std::atomic<bool> done = false;
    Clock::duration whole{}, longest{};
    std::thread writer([&] {
      const auto start = Clock::now();
      slow.create({{"v", values}});
      whole = since(start);
      done = true;
    });
    while (!done) {
      const auto start = Clock::now();
      quick.create({{"n", 1}});
      longest = std::max(longest, since(start));
    }
    writer.join();
    return longest >= whole / 2;
  };
  int waits = 0;
  while (waits < 10 && a_quick_create_waits()) ++waits;
  CHECK(waits < 10);
}

TEST_CASE("a create is held to the schema as it is, though this process knew another", "[entities][schema]") {
  TemporaryFolder folder;
  const Database one = Database::open(folder.file()), other = Database::open(folder.file());
  const OrganizationId acme = one.trusted_host().create_organization("acme").id;
  const EntityRepository notes = one.trusted_host().system_session(acme, Environment::development).entities("note");
  const auto define = [&](const Database& database, const Json& schema) {
    database.trusted_host()
        .system_session(acme, Environment::development)
        .entity_types()
        .define({{"slug", "note"}, {"schema", schema}});
  };
  define(one, {{"required", {"a"}}});
  notes.create({{"a", 1}});
  CHECK_ERROR(invalid_data, notes.create({{"b", 1}}));
  define(other, {{"required", {"b"}}});
  CHECK_ERROR(invalid_data, notes.create({{"a", 1}}));
  notes.create({{"b", 1}});
  define(other, Json::object());
  const std::vector<Json> rows{{{"a", 1}}, {{"c", 1}}};
  CHECK(notes.create_all(rows).size() == 2);
}
