// What a create is checked for without the stored rows is checked before it takes the write lock.
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "core/json_schema.hpp"
#include "struere/spi/forwarding_storage.hpp"
#include "support/any_storage.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Remembers how many steps of validation this thread had taken when it last asked for the write lock.
class StepWatch final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    if (is_write(access)) at_lock = JsonSchema::count_steps();
    if (is_write(access) && ++locks == 2 && before_second_lock) std::exchange(before_second_lock, nullptr)();
    return ForwardingStorage::begin_at(scope, access, first);
  }

  std::uint64_t at_lock = 0;
  int locks = 0;
  std::function<void()> before_second_lock;
};

// A type whose rows of `count` elements take `count` × 400 steps or so to check.
Json slow_type() {
  Json checks = Json::array();
  for (int i = 0; i < 100; ++i) checks.push_back(Json{{"not", {{"const", i}}}});
  return {{"slug", "slow"}, {"schema", {{"properties", {{"v", {{"items", {{"allOf", std::move(checks)}}}}}}}}}};
}

Json slow_row(int count) { return {{"v", Json(std::vector<int>(static_cast<std::size_t>(count), -1))}}; }

// A database whose storage is watched.
struct WatchedWorld {
  explicit WatchedWorld(bool in_memory)
      : watched(new StepWatch(in_memory ? open_memory_storage() : open_sqlite_storage(folder.file()))),
        database(Database::with_storage(std::unique_ptr<Storage>(watched))) {
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
  }
  EntityRepository slow(const Json& type) const {
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    system.entity_types().define(type);
    return system.entities("slow");
  }

  const TemporaryFolder folder;
  StepWatch* watched;
  Database database;
};

}  // namespace

TEST_CASE("a create, an update and a restore that are slow to validate do it while nobody waits",
          "[entities][schema]") {
  WatchedWorld world(GENERATE(true, false));
  const EntityRepository rows = world.slow(slow_type());
  // Under the lock, at most the steps after which a check is given up there.
  const auto check = [&](auto&& write) {
    const std::uint64_t before = JsonSchema::count_steps();
    write();
    CHECK(JsonSchema::count_steps() - before > 500'000);
    CHECK(JsonSchema::count_steps() - world.watched->at_lock < 100'000);
  };
  std::optional<EntityId> id;
  rows.create(Json::object());  // this process then knows the type
  world.watched->locks = 0;
  check([&] { id = rows.create(slow_row(2'000)).id; });
  CHECK(world.watched->locks == 1);  // a create need not give it up, as a check that takes long under it would
  check([&] { rows.update(*id, {{"n", 1}}); });
  rows.remove(*id);
  check([&] { rows.restore(*id); });
}

TEST_CASE("a row that changed while it was checked is checked once more", "[entities][schema]") {
  WatchedWorld world(GENERATE(true, false));
  Json type = slow_type();
  type["schema"]["not"] = {{"required", {"a", "b"}}};
  const EntityRepository rows = world.slow(type);
  const EntityId id = rows.create(slow_row(2'000)).id;
  world.watched->locks = 0;
  world.watched->before_second_lock = [&] { rows.update(id, {{"b", 1}}); };
  CHECK_ERROR(invalid_data, rows.update(id, {{"a", 1}}));
  CHECK_FALSE(world.watched->before_second_lock);
  CHECK(rows.get(id).data().contains("b"));
  CHECK_FALSE(rows.get(id).data().contains("a"));
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

struct SlowWorld : World {
  explicit SlowWorld(StorageKind kind) : World(kind) { define_type(slow_type()); }
  EntityRepository rows() const { return system().entities("slow"); }
};

}  // namespace

TEST_CASE("a row that takes long to check is refused for what is wrong with it", "[entities][schema]") {
  SlowWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  const EntityId id = world.rows().create(slow_row(2'000)).id;
  Json wrong = slow_row(2'000);
  wrong["v"].push_back(7);
  const std::string told = error_of([&] { (void)world.rows().update(id, wrong); });
  CHECK(told.starts_with("invalid_data: "));
  CHECK(told.find("`data.v.2000`") != std::string::npos);
  CHECK(told ==
        error_of([&] { world.system().transaction([&](Session& unit) { unit.entities("slow").update(id, wrong); }); }));
  CHECK(world.rows().update(id, {{"n", 1}}, {.version = 1}).row->version() == 2);
  CHECK_ERROR(conflict, world.rows().update(id, wrong, {.version = 1}));
}

TEST_CASE("all rows that one write checks under the lock take no more than one row may",
          "[entities][schema][bounds][large]") {
  SlowWorld world(GENERATE(StorageKind::memory, StorageKind::sqlite));
  std::vector<ImportedRow> rows(40);
  for (ImportedRow& row : rows) row.data = slow_row(2'000);
  const std::vector<EntityId> ids = world.rows().import_all(rows);  // checked before the lock
  CHECK_NOTHROW(world.rows().update_all({ids.begin(), ids.begin() + 2}, {{"n", 1}}));
  const std::string told = error_of([&] { world.rows().update_all(ids, {{"n", 2}}); });
  CHECK(told.find("takes more than 10000000 steps while all writers wait") != std::string::npos);
  CHECK(world.rows().count({.where = field("data.n") == 2}) == 0);
}

TEST_CASE("the operations of a unit share one bound of checks, and a write has one of bytes",
          "[entities][bounds][large]") {
  WatchedWorld world(true);
  const Session system = world.database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
  SECTION("checks") {
    world.slow(slow_type());
    const auto write = [&](int rows) {
      system.transaction([&](Session& unit) {
        for (int i = 0; i < rows; ++i) unit.entities("slow").create(slow_row(10'000));
      });
    };
    write(1);
    CHECK(error_of([&] { write(4); }).find("one write or transaction against their schema takes more") !=
          std::string::npos);
    CHECK(system.entities("slow").count() == 1);
  }
  SECTION("bytes") {
    world.slow({{"slug", "slow"}});
    const EntityId id = system.entities("slow").create({{"text", std::string(1'000'000, 'x')}}).id;
    const auto write = [&](int times) {
      system.transaction([&](Session& unit) {
        for (int i = 0; i < times; ++i) unit.entities("slow").update(id, {{"n", i}});
      });
    };
    write(100);
    CHECK(error_of([&] { write(140); }).find("are more than 128 MiB while all writers wait") != std::string::npos);
    CHECK(system.entities("slow").get(id).data().at("n") == 99);
    write(1);
  }
}
