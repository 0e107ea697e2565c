// What a change of definitions works out is worked out before all writers wait for it, and grows with the change alone.
#include <catch2/catch.hpp>

#include <sqlite3.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "core/json_schema.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"
#include "struere/spi/forwarding_storage.hpp"
#include "support/temporary_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

// Remembers how many schemas this thread had compiled when it first asked for the write lock.
class WatchedStorage final : public ForwardingStorage {
 public:
  using ForwardingStorage::ForwardingStorage;

  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    if (is_write(access) && !at_lock) at_lock = JsonSchema::count_compiled();
    if (is_write(access) && before_write) std::exchange(before_write, nullptr)();
    return ForwardingStorage::begin_at(scope, access, first);
  }

  std::optional<std::uint64_t> at_lock;
  std::function<void()> before_write;
};

struct Compiled {
  std::uint64_t before_lock = 0, after_lock = 0;
};

struct WatchedDatabase {
  explicit WatchedDatabase(std::unique_ptr<Storage> storage)
      : watched(new WatchedStorage(std::move(storage))),
        database(Database::with_storage(std::unique_ptr<Storage>(watched))) {
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
  }

  Session system(Environment environment = Environment::development) const {
    return database.trusted_host().system_session(OrganizationId("acme"), environment);
  }
  template <class Body>
  Compiled compiled_by(const Body& body) {
    watched->at_lock.reset();
    const auto before = JsonSchema::count_compiled();
    body();
    const auto at_lock = watched->at_lock.value_or(before);
    return {at_lock - before, JsonSchema::count_compiled() - at_lock};
  }

  WatchedStorage* watched;
  Database database;
};

Json type_with_pattern(const char* slug, const char* of_n, const Json& more = Json::object()) {
  Json properties{{"n", {{"type", of_n}, {"pattern", "^[a-z]{1,900}$"}}}};
  properties.update(more);
  return {{"slug", slug}, {"schema", {{"type", "object"}, {"properties", properties}}}};
}

DefinitionSet set_of_types(std::initializer_list<Json> all) {
  DefinitionSet out;
  for (const Json& each : all) out.add(DefinitionKind::entity_type, each);
  return out;
}

}  // namespace

TEST_CASE("schemas are compiled before the write lock is taken, whoever changes definitions", "[definitions][schema]") {
  const TemporaryFolder folder;
  WatchedDatabase world(GENERATE(true, false) ? open_memory_storage() : open_sqlite_storage(folder.file()));
  const auto check = [&](auto&& body) {
    const Compiled found = world.compiled_by(body);
    CHECK(found.before_lock > 0);
    CHECK(found.after_lock == 0);
  };
  const auto entity_types = [&] { return world.system().entity_types(); };

  check([&] { entity_types().define(type_with_pattern("note", "string")); });
  check([&] { CHECK_ERROR(invalid_definition, entity_types().define(type_with_pattern("note", "strnig"))); });
  check([&] {
    entity_types().define(
        type_with_pattern("page", "string", {{"note", {{"type", "string"}, {"references", "note"}}}}));
  });
  check([&] { CHECK_ERROR(conflict, entity_types().remove("note")); });

  const Definitions definitions(world.system());
  world.system().entities("note").create({{"n", "a"}});
  check([&] {
    definitions.apply(definitions.plan(set_of_types(
        {type_with_pattern("note", "string", {{"m", Json::object()}}), type_with_pattern("letter", "string")})));
  });
  CHECK(entity_types().list().size() == 2);
  const Definitions production(world.system(Environment::production));
  check([&] { production.deploy(production.plan(definitions.current())); });

  const Packs packs(world.system());
  Pack boxes{"boxes", "1.0.0", "Boxes", "", set_of_types({type_with_pattern("box", "string")}), {}};
  check([&] { packs.apply(packs.plan_install(boxes)); });
  world.system().entities("box").create({{"n", "b"}});
  boxes.version = "2.0.0";
  boxes.definitions = set_of_types({type_with_pattern("box", "string", {{"m", Json::object()}})});
  boxes.migrations = {{"1.0.0", "2.0.0", {{MigrationStep::Kind::modify_schema, "box"}}}};
  check([&] { packs.apply(packs.plan_upgrade(boxes)); });
  CHECK(packs.list().front().version == "2.0.0");
}

TEST_CASE("a schema that is defined between the look and the lock is compiled outside of it as well",
          "[definitions][schema]") {
  WatchedDatabase world(open_memory_storage());
  const auto entity_types = world.system().entity_types();
  entity_types.define(type_with_pattern("note", "string"));
  entity_types.define(type_with_pattern("old", "string"));
  const auto define_meanwhile = [&] {
    entity_types.define(type_with_pattern("page", "string", {{"m", Json::object()}}));
  };
  std::uint64_t at_second_lock = 0;
  world.watched->before_write = [&] {
    define_meanwhile();
    world.watched->before_write = [&] { at_second_lock = JsonSchema::count_compiled(); };
  };
  entity_types.remove("old");
  CHECK(entity_types.list().size() == 2);
  CHECK(at_second_lock == JsonSchema::count_compiled());
}

namespace {

// While it lives, counts the statements that SQLite runs in this process, and the rows that they answer.
class WorkCount {
 public:
  WorkCount() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  ~WorkCount() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(watch)); }
  WorkCount(const WorkCount&) = delete;
  WorkCount& operator=(const WorkCount&) = delete;

  static std::int64_t taken() { return count_.exchange(0); }

 private:
  static int watch(sqlite3* database, char**, const void*) {
    return sqlite3_trace_v2(database, SQLITE_TRACE_STMT | SQLITE_TRACE_ROW, count, nullptr);
  }
  static int count(unsigned, void*, void*, void*) {
    ++count_;
    return 0;
  }

  static inline std::atomic<std::int64_t> count_ = 0;
};

DefinitionSet many_roles(int count) {
  DefinitionSet out = set_of_types({type_with_pattern("note", "string")});
  for (int i = 0; i < count; ++i) {
    Json role{{"name", "r" + std::to_string(i)}};
    role["policies"] = Json::array({{{"resource", "note"}, {"actions", Json::array({"read"})}, {"effect", "allow"}}});
    role["scopeRules"] =
        Json::array({{{"entityType", "note"}, {"field", "data.n"}, {"operator", "eq"}, {"value", std::to_string(i)}}});
    role["fieldMasks"] = Json::array({{{"entityType", "note"}, {"fieldPath", "data.n"}, {"maskType", "hide"}}});
    out.add(DefinitionKind::role, role);
  }
  return out;
}

}  // namespace

TEST_CASE("between the look at the data and the lock nothing escapes a plan, and under the lock little is read again",
          "[definitions][sqlite]") {
  const WorkCount work;
  const TemporaryFolder folder;
  WatchedDatabase world(open_sqlite_storage(folder.file()));
  const Definitions definitions(world.system());
  definitions.apply(definitions.plan(set_of_types({type_with_pattern("note", "string")})));
  const EntityRepository notes = world.system().entities("note");
  notes.create_all(std::vector<Json>(500, Json{{"n", "a"}}));
  const DefinitionSet stricter = set_of_types({type_with_pattern("note", "string", {{"m", {{"type", "integer"}}}})});

  const ChangePlan plan = definitions.plan(stricter);
  world.watched->before_write = [&] { notes.create({{"n", "a"}, {"m", "no integer"}}); };
  CHECK_ERROR(conflict, definitions.apply(plan));
  CHECK_FALSE(world.watched->before_write);

  for (const Entity& each : notes.list({.where = field("data.m") == "no integer"})) notes.remove(each.id());
  const ChangePlan again = definitions.plan(stricter);
  world.watched->before_write = [] { (void)WorkCount::taken(); };
  definitions.apply(again);
  CHECK(WorkCount::taken() < 250);
}

TEST_CASE("a plan of many roles takes work in proportion to them", "[definitions][sqlite]") {
  const WorkCount work;
  const auto work_of = [&](int roles) {
    const TemporaryFolder folder;
    const Database database = Database::open(folder.file());
    database.trusted_host().create_organization("acme", OrganizationId("acme"));
    const Session system = database.trusted_host().system_session(OrganizationId("acme"), Environment::development);
    const Definitions definitions(system);
    (void)WorkCount::taken();
    definitions.apply(definitions.plan(many_roles(roles)));
    const std::int64_t made = WorkCount::taken();
    definitions.apply(definitions.plan(many_roles(0)));
    return std::pair(made, WorkCount::taken());
  };
  const auto [made, removed] = work_of(50);
  const auto [twice_made, twice_removed] = work_of(100);
  CHECK(made > 50);
  CHECK(2 * twice_made < 5 * made);
  CHECK(2 * twice_removed < 5 * removed);
}
