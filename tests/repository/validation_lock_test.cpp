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

namespace {

// A type whose rows of `count` elements take `count` × 400 steps or so to check.
struct SlowWorld : World {
  explicit SlowWorld(StorageKind kind) : World(kind) {
    Json checks = Json::array();
    for (int i = 0; i < 100; ++i) checks.push_back(Json{{"not", {{"const", i}}}});
    define_type({{"slug", "slow"}, {"schema", {{"properties", {{"v", {{"items", {{"allOf", std::move(checks)}}}}}}}}}});
  }
  static Json row(int count) { return {{"v", Json(std::vector<int>(static_cast<std::size_t>(count), -1))}}; }
  EntityRepository rows() const { return system().entities("slow"); }
};

}  // namespace

TEST_CASE("an update and a restore that are slow to validate keep no other organization waiting",
          "[entities][schema]") {
  SlowWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  world.add_organization("globex");
  world.define_type({{"slug", "note"}}, Environment::production, "globex");
  const auto quick = world.system(Environment::production, "globex").entities("note");
  const EntityId id = world.rows().create(SlowWorld::row(8'000)).id;
  const bool restores = GENERATE(false, true);
  // A validation inside the write lock lets in the few creates before it and after it. A busy machine does not always.
  const auto creates_beside = [&] {
    if (restores) world.rows().remove(id);
    std::atomic<bool> done = false;
    std::thread writer([&] {
      if (restores)
        world.rows().restore(id);
      else
        world.rows().update(id, {{"n", 1}});
      done = true;
    });
    int created = 0;
    for (; !done; ++created) quick.create({{"n", 1}});
    writer.join();
    return created;
  };
  int tries = 0;
  while (tries < 10 && creates_beside() < 50) ++tries;
  CHECK(tries < 10);
}

TEST_CASE("a row that takes long to check is refused for what is wrong with it", "[entities][schema]") {
  SlowWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  const EntityId id = world.rows().create(SlowWorld::row(2'000)).id;
  Json wrong = SlowWorld::row(2'000);
  wrong["v"].push_back(7);
  const std::string told = error_of([&] { (void)world.rows().update(id, wrong); });
  CHECK(told.starts_with("invalid_data: "));
  CHECK(told.find("`data.v.2000`") != std::string::npos);
  CHECK(told ==
        error_of([&] { world.system().transaction([&](Session& unit) { unit.entities("slow").update(id, wrong); }); }));
  CHECK(world.rows().update(id, {{"n", 1}}, {.version = 1}).row->version() == 2);
  CHECK_ERROR(conflict, world.rows().update(id, wrong, {.version = 1}));
}

TEST_CASE("all rows that one write checks under the lock take no more than one row may", "[entities][schema][bounds]") {
  SlowWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  std::vector<ImportedRow> rows(40);
  for (ImportedRow& row : rows) row.data = SlowWorld::row(2'000);
  const std::vector<EntityId> ids = world.rows().import_all(rows);  // checked before the lock
  CHECK_NOTHROW(world.rows().update_all({ids.begin(), ids.begin() + 2}, {{"n", 1}}));
  const std::string told = error_of([&] { world.rows().update_all(ids, {{"n", 2}}); });
  CHECK(told.find("takes more than 10000000 steps while all writers wait") != std::string::npos);
  CHECK(world.rows().count({.where = field("data.n") == 2}) == 0);
}
