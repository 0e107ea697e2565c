// an existing database becomes one of struere: whole, in the right scopes, once, whatever happens on the way; or it is
// refused, and not one byte of it changes.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "struere/adoption/adoption.hpp"
#include "support/adoptable_database.hpp"
#include "support/child_process.hpp"
#include "support/file_bytes.hpp"
#include "support/manual_clock.hpp"
#include "support/raw_database.hpp"
#include "support/throws_error.hpp"
#include "support/world.hpp"

using namespace struere;
using namespace struere::test;

namespace {

std::int64_t total(const std::map<std::string, std::int64_t>& counts) {
  std::int64_t out = 0;
  for (const auto& [table, count] : counts) out += count;
  return out;
}

std::string error_of_adopting(const std::string& path, Environment environment = Environment::production) {
  return error_of([&] { adopt_database(path, environment); });
}

Session system_of(const Database& database, const char* organization,
                  Environment environment = Environment::production) {
  return database.trusted_host().system_session(OrganizationId(organization), environment);
}

std::int64_t entities_in(const Database& database, const char* organization, Environment environment) {
  const Session system = system_of(database, organization, environment);
  std::int64_t out = 0;
  for (const EntityType& type : system.entity_types().list()) out += system.entities(type.slug).count();
  return out;
}

// All that the library's own readers can tell of an adopted file that was made by make_adoptable_database.
void check_adopted(const std::string& path, const std::map<std::string, std::int64_t>& before, AdoptableStyle style) {
  CHECK(count_tables(path) == before);
  {
    RawDatabase raw(path);
    CHECK(raw.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'legacy%' OR name = 'adoption'") == "0");
    CHECK(raw.value("SELECT value FROM settings") == "dark");
    CHECK(raw.rows("PRAGMA foreign_key_check").empty());
    CHECK(raw.value("PRAGMA integrity_check") == "ok");
    CHECK(raw.value("PRAGMA journal_mode") == "wal");
  }
  const auto database = Database::open(path);
  const bool half = style == AdoptableStyle::half_scoped;
  for (const char* const organization : {"acme", "globex", "initech"})
    for (const Environment environment : {Environment::development, Environment::production}) {
      INFO(organization << " in " << to_string(environment));
      const Session system = system_of(database, organization, environment);
      CHECK(system.events().verify().ok);
      const bool has_rows = environment == Environment::production || (half && std::string(organization) == "globex");
      CHECK(system.entity_types().list().size() == (has_rows ? 2 : 0));
      CHECK(system.roles().list().size() == (has_rows ? 2 : 0));
      CHECK(system.api_keys().list().size() == (has_rows ? 2 : 0));
      CHECK((entities_in(database, organization, environment) > 0) == has_rows);
      if (!has_rows) continue;
      for (const Entity& session : system.entities("session").list({.limit = 20})) {
        const Entity found = system.entities("session").get(session.id());
        CHECK(found.json() == canonical_json(found.data()));
      }
      // The role came whole: its policies, its rule and its mask.
      const Session teacher = database.authenticate(adoptable_key(organization, std::string(to_string(environment))));
      const auto seen = teacher.entities("session").list({.limit = 1000});
      REQUIRE(seen.size() > 0);
      for (const Entity& session : seen) {
        CHECK(session.data().at("team") == "north");
        CHECK_FALSE(session.data().contains("secret"));
      }
      CHECK_ERROR(permission_denied, teacher.entities("person").list());
      CHECK(database.trusted_host().members(OrganizationId(organization)).size() == 10);
      CHECK(database.trusted_host()
                .user_session(UserId(std::string(organization) + "-user-1"), OrganizationId(organization), environment)
                .actor()
                .roles()
                .size() == 1);
    }
}

}  // namespace

TEST_CASE("an existing database of 200,000 rows is adopted whole", "[adoption][large]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_adoptable_database(path, 200'000);
  const auto before = count_tables(path);
  REQUIRE(total(before) == 200'000);

  std::map<std::string, AdoptionProgress> last;
  std::vector<std::string> order;
  AdoptionOptions options;
  options.progress = [&](const AdoptionProgress& progress) {
    if (order.empty() || order.back() != progress.table) order.push_back(progress.table);
    AdoptionProgress& known = last[progress.table];
    CHECK(progress.done >= known.done);
    CHECK(progress.done <= progress.total);
    CHECK(progress.done - known.done <= options.batch_rows);
    CHECK(progress.total == before.at(progress.table));
    known = progress;
  };
  const AdoptionReport report = adopt_database(path, Environment::production, options);

  CHECK_FALSE(report.was_adopted);
  CHECK_FALSE(report.was_resumed);
  CHECK(report.tables.size() == before.size());
  for (const AdoptedTable& table : report.tables) {
    INFO(table.name);
    CHECK(table.before == before.at(table.name));
    CHECK(table.after == table.before);
    CHECK(last.at(table.name).done == table.before);
  }
  CHECK(order.size() == before.size());  // one table after the other
  check_adopted(path, before, AdoptableStyle::half_scoped);
}

TEST_CASE("rows without an environment go where the caller says, whether the column is null or missing", "[adoption]") {
  for (const AdoptableStyle style : {AdoptableStyle::no_environment, AdoptableStyle::null_environment}) {
    const TemporaryFolder folder;
    make_adoptable_database(folder.file(), 600, style);
    const auto before = count_tables(folder.file());
    SECTION(style == AdoptableStyle::no_environment ? "missing" : "null") {
      adopt_database(folder.file(), Environment::production);
      check_adopted(folder.file(), before, style);
    }
    SECTION(style == AdoptableStyle::no_environment ? "missing, to development" : "null, to development") {
      adopt_database(folder.file(), Environment::development);
      const auto database = Database::open(folder.file());
      CHECK(entities_in(database, "acme", Environment::development) > 0);
      CHECK(entities_in(database, "acme", Environment::production) == 0);
      // A key says by its text where it belongs, and is good nowhere else.
      CHECK_ERROR(unauthenticated, database.authenticate(adoptable_key("acme")));
    }
  }
}

TEST_CASE("rows that have an environment keep it", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 1200);
  std::map<std::string, std::set<std::string>> expected;  // ids by organization and environment
  for (const auto& row : RawDatabase(folder.file())
                             .rows("SELECT organization_id || '/' || coalesce(environment, 'development'), id FROM "
                                   "entities"))
    expected[row[0]].insert(row[1]);
  // Every other row of initech would be torn from what it names.
  CHECK(error_of_adopting(folder.file(), Environment::development).find("names") != std::string::npos);
  expected.clear();
  for (const auto& row : RawDatabase(folder.file())
                             .rows("SELECT organization_id || '/' || coalesce(environment, 'production'), id FROM "
                                   "entities"))
    expected[row[0]].insert(row[1]);
  adopt_database(folder.file(), Environment::production);
  std::map<std::string, std::set<std::string>> found;
  for (const auto& row : RawDatabase(folder.file())
                             .rows("SELECT organization_id || '/' || environment, e.id FROM entities e JOIN scopes s "
                                   "ON s.id = e.scope_id"))
    found[row[0]].insert(row[1]);
  CHECK(expected.contains("globex/development"));
  CHECK(expected == found);
}

TEST_CASE("values are kept, and brought to the one form in which they are stored", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 1200);
  std::filesystem::copy_file(folder.file(), folder.file("original.db"));
  adopt_database(folder.file(), Environment::production);
  RawDatabase original(folder.file("original.db")), adopted(folder.file());

  std::map<std::string, RawDatabase::Row> entities;
  for (auto& row : adopted.rows(
           "SELECT e.id, t.slug, data, status, e.created_at, updated_at, deleted_at, version FROM entities e JOIN "
           "entity_types t ON t.scope_id = e.scope_id AND t.type_key = e.type_key"))
    entities[row[0]] = row;
  for (auto& row :
       original.rows("SELECT id, type, data, coalesce(status, 'active'), created_at, coalesce(updated_at, created_at), "
                     "CASE status WHEN 'deleted' THEN coalesce(deleted_at, updated_at, created_at) END, "
                     "coalesce(version, 1) FROM "
                     "entities")) {
    row[2] = canonical_json(Json::parse(row[2]));
    CHECK(entities.at(row[0]) == row);
  }
  CHECK(adopted.rows("SELECT from_id, type, to_id FROM entity_relations ORDER BY 1, 2, 3") ==
        original.rows("SELECT from_id, type, to_id FROM entity_relations ORDER BY 1, 2, 3"));
  // In the order in which they happened, whatever the order in which they lay.
  CHECK(
      adopted.rows("SELECT v.id FROM events v JOIN scopes s ON s.id = v.scope_id WHERE organization_id = 'acme' ORDER "
                   "BY sequence") ==
      original.rows("SELECT id FROM events WHERE organization_id = 'acme' ORDER BY created_at, id"));
  CHECK(adopted.rows("SELECT thread_id, id FROM messages ORDER BY thread_id, sequence") ==
        original.rows("SELECT thread_id, id FROM messages ORDER BY thread_id, created_at, id"));
  CHECK(adopted.rows("SELECT thread_id, max(sequence) FROM messages GROUP BY 1 ORDER BY 1") ==
        adopted.rows("SELECT id, message_count FROM threads WHERE message_count > 0 ORDER BY 1"));
  CHECK(adopted.rows("SELECT id, created_at / 86400000 FROM executions") ==
        adopted.rows("SELECT id, day FROM executions"));
  CHECK(adopted.value("SELECT metadata FROM threads LIMIT 1") == R"({"a":[],"z":1})");
  CHECK(adopted.value("SELECT overrides FROM installed_packs LIMIT 1") == R"({"a":2,"b":1})");
  CHECK(adopted.value("SELECT revoked_at FROM api_keys WHERE id = 'acme-old-key'") == "1600000000007");
  CHECK(adopted.value("SELECT last_used_at FROM api_keys WHERE id = 'acme-key'") == "1600000000005");
  CHECK(adopted.value("SELECT group_concat(version) FROM (SELECT version FROM agent_configs JOIN scopes s ON s.id = "
                      "scope_id WHERE s.organization_id = 'acme' AND environment = 'production' ORDER BY 1)") ==
        "1,2,3");
}

TEST_CASE("adopting a database of struere does nothing, and says so", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 400);
  adopt_database(folder.file(), Environment::production);
  const std::string before = bytes_of(folder.file());
  for (const Environment environment : {Environment::production, Environment::development}) {
    const AdoptionReport again = adopt_database(folder.file(), environment);
    CHECK(again.was_adopted);
    CHECK_FALSE(again.was_resumed);
    CHECK(again.tables.empty());
  }
  CHECK((bytes_of(folder.file()) == before));
  (void)Database::open(folder.file("fresh.db"));
  CHECK(adopt_database(folder.file("fresh.db"), Environment::production).was_adopted);
}

TEST_CASE("an existing database that cannot be adopted is refused and left alone", "[adoption]") {
  struct Mistake {
    const char* sql;
    const char* message;
  };
  const std::vector<Mistake> mistakes{
      {"UPDATE entities SET environment = 'staging' WHERE id = 'acme-00000004'", "`acme-00000004`: `environment`"},
      {"UPDATE entities SET environment = 'Production' WHERE id = 'acme-00000004'", "neither development nor"},
      {"UPDATE entities SET environment = '' WHERE id = 'acme-00000004'", "neither development nor"},
      {"UPDATE entities SET environment = x'00' WHERE id = 'acme-00000004'", "neither development nor"},
      {"UPDATE events SET organization_id = 'ghost' WHERE id = 'acme-event-00000001'", "no organization \"ghost\""},
      {"UPDATE entities SET organization_id = 'ACME' WHERE id = 'acme-00000004'", "no organization \"ACME\""},
      {"UPDATE threads SET organization_id = NULL WHERE id = 'acme-thread-000000'", "no organization"},
      {"DROP TABLE organizations", "no organization \"acme\""},
      {"UPDATE entities SET type = 'ghost' WHERE id = 'acme-00000004'", "`type` names \"ghost\""},
      {"UPDATE entities SET data = '{\"a\":' WHERE id = 'acme-00000004'", "not acceptable JSON"},
      {"UPDATE entities SET data = '{\"a\":1,\"a\":2}' WHERE id = 'acme-00000004'", "same key twice"},
      {"UPDATE entities SET data = '[1]' WHERE id = 'acme-00000004'", "not a JSON object"},
      {"UPDATE entities SET data = NULL WHERE id = 'acme-00000004'", "`data` is missing"},
      {"UPDATE entities SET data = x'7b7d' WHERE id = 'acme-00000004'", "`data` is no text"},
      {"UPDATE entities SET created_at = 'yesterday' WHERE id = 'acme-00000004'", "`created_at` is not a whole number"},
      {"UPDATE entities SET created_at = 1.5 WHERE id = 'acme-00000004'", "`created_at` is not a whole number"},
      {"UPDATE entities SET version = 0 WHERE id = 'acme-00000004'", "less than 1"},
      {"UPDATE entities SET version = 9223372036854775807 WHERE id = 'acme-00000004'", "`version` is greater than"},
      {"UPDATE entities SET version = 9007199254740993 WHERE id = 'acme-00000004'", "`version` is greater than"},
      {"UPDATE agent_configs SET version = 9223372036854775807 WHERE version = 2", "`version` is greater than"},
      {"UPDATE entities SET created_at = 9223372036854775807 WHERE id = 'acme-00000004'", "`created_at` is more than"},
      {"UPDATE entities SET updated_at = 1600000000000000 WHERE id = 'acme-00000004'", "`updated_at` is more than"},
      {"UPDATE entities SET deleted_at = 1600000000000000 WHERE id = 'acme-00000005'", "`deleted_at` is more than"},
      {"UPDATE events SET created_at = 1600000000000000 WHERE id = 'acme-event-00000001'", "`created_at` is more than"},
      {"UPDATE threads SET created_at = 1600000000000000 WHERE id = 'acme-thread-000000'", "`created_at` is more than"},
      {"UPDATE api_keys SET last_used_at = 9223372036854775807 WHERE id = 'acme-key'", "`last_used_at` is more than"},
      {"UPDATE entities SET status = '' WHERE id = 'acme-00000004'", "`status` is empty"},
      {"UPDATE entities SET status = CAST(x'ff' AS TEXT) WHERE id = 'acme-00000004'", "not valid UTF-8"},
      {"INSERT INTO entity_relations SELECT * FROM entity_relations WHERE from_id = 'acme-00000004'", "more than once"},
      {"UPDATE entity_relations SET to_id = 'globex-00000001' WHERE from_id = 'acme-00000004'", "`to_id` names"},
      {"UPDATE entity_relations SET type = 'a b' WHERE from_id = 'acme-00000004'", "letters, digits"},
      {"UPDATE entity_types SET slug = 'session' WHERE slug = 'person' AND organization_id = 'acme'", "more than once"},
      {"UPDATE entity_types SET slug = 'Not a slug' WHERE slug = 'person' AND organization_id = 'acme'", "person"},
      {"INSERT INTO entity_types(organization_id, slug) VALUES('acme', 'Not a slug')", "a slug is"},
      {"UPDATE entity_types SET schema = '{\"type\": 7}' WHERE organization_id = 'acme'", "entity_types `person`"},
      {"UPDATE roles SET name = 'teacher' WHERE id = 'acme-role-1'", "its `name` is another row's"},
      {"UPDATE policies SET role_id = 'ghost' WHERE role_id = 'acme-role-1'", "`role_id` names \"ghost\""},
      {"UPDATE policies SET resource = 'ghost' WHERE role_id = 'acme-role-0'", "resource \"ghost\""},
      {"UPDATE policies SET effect = 'perhaps' WHERE role_id = 'acme-role-0'", "none of allow, deny"},
      {"UPDATE scope_rules SET rule = '{\"field\": \"data.team\"}' WHERE role_id = 'acme-role-0'",
       "roles `acme-role-0`"},
      {"UPDATE field_masks SET definition = '{}' WHERE role_id = 'acme-role-0'", "roles `acme-role-0`"},
      {"UPDATE api_keys SET hash = 'abc' WHERE id = 'acme-key'", "64 hexadecimal digits"},
      {"UPDATE api_keys SET roles = '[\"teacher\", \"nope\"]' WHERE id = 'acme-key'", "role \"nope\" is not among"},
      {"UPDATE agent_configs SET roles = '[\"nope\"]' WHERE version = 2", "role \"nope\" is not among"},
      {"UPDATE tool_permissions SET identity = 'configured', role = 'nope'", "role \"nope\" is not among"},
      {"UPDATE entities SET id = printf('%201c', 'x') WHERE id = 'acme-00000005'", "more than 200 bytes"},
      {"UPDATE installed_packs SET pack_id = 'P P'", "`pack_id` is 1 to 64"},
      {"UPDATE installed_packs SET version = 'one'", "`version` is not a semantic version"},
      {"ALTER TABLE installed_packs ADD COLUMN history TEXT; UPDATE installed_packs SET history = '[1]'",
       "`history` is an object"},
      {"ALTER TABLE installed_packs ADD COLUMN history TEXT; UPDATE installed_packs SET history = '[{\"version\": "
       "\"one\"}]'",
       "`history` is not a semantic version"},
      {"UPDATE api_keys SET hash = (SELECT hash FROM api_keys WHERE id = 'globex-key') WHERE id = 'acme-key'",
       "another key's"},
      {"UPDATE events SET payload = '7' WHERE id = 'acme-event-00000001'", "`payload` is not a JSON object"},
      {"UPDATE messages SET thread_id = 'ghost' WHERE id = 'acme-message-00000001'", "`thread_id` names"},
      {"UPDATE messages SET role = 'ghost' WHERE id = 'acme-message-00000001'", "none of user, assistant"},
      {"UPDATE tool_permissions SET allowed_actions = '[\"fly\"]'", "unknown action"},
      {"UPDATE threads SET external_id = 'same' WHERE organization_id = 'acme'", "`external_id` is another row's"},
      {"UPDATE memberships SET user_id = 'ghost' WHERE user_id = 'acme-user-1'", "`user_id` names"},
      // Tables
      {"ALTER TABLE entities ADD COLUMN colour TEXT", "no place for, `colour`"},
      {"ALTER TABLE entities DROP COLUMN data", "lacks the column `data`"},
      {"ALTER TABLE policies DROP COLUMN organization_id", "lacks the column `organization_id`"},
      {"CREATE TABLE scopes(id TEXT)", "`scopes` has a name"},
      {"CREATE TABLE Adoption(id TEXT)", "`Adoption` has a name"},
      {"CREATE TABLE legacy_entities(id TEXT)", "`legacy_entities` has a name"},
      {"CREATE INDEX events_by_entity ON settings(name)", "`events_by_entity` has a name"},
      {"CREATE TABLE triggers(id TEXT)", "define triggers anew"},
      {"CREATE VIEW everything AS SELECT * FROM entities", "a view in the file"},
      {"CREATE TRIGGER t AFTER DELETE ON entities BEGIN SELECT 1; END", "a trigger in the file"},
      {"CREATE TABLE notes(entity TEXT REFERENCES Entities(id))", "`notes` stays as it is"},
      {"DROP TABLE installed_packs; CREATE TABLE installed_packs(organization_id TEXT, pack_id TEXT PRIMARY KEY, "
       "version "
       "TEXT) WITHOUT ROWID",
       "WITHOUT ROWID"},
  };
  const TemporaryFolder folder;
  const std::string path = folder.file(), whole = folder.file("whole.db");
  make_adoptable_database(whole, 1200);
  for (const Mistake& mistake : mistakes) {
    INFO(mistake.sql);
    std::filesystem::copy_file(whole, path, std::filesystem::copy_options::overwrite_existing);
    RawDatabase raw(path);
    raw.run("PRAGMA foreign_keys = OFF");
    raw.run(mistake.sql);
    const std::string before = bytes_of(path);
    const std::string message = error_of_adopting(path);
    INFO(message);
    CHECK((message.starts_with("invalid_data: ") || message.starts_with("storage: ")));
    CHECK(message.find(mistake.message) != std::string::npos);
    CHECK(message.size() < 2500);
    CHECK((bytes_of(path) == before));
    CHECK_FALSE(std::filesystem::exists(path + "-wal"));
    CHECK_FALSE(std::filesystem::exists(path + "-journal"));
  }
}

TEST_CASE("an adopted time is at most a day ahead of the clock, a version at most 2^53", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 1000);
  const ManualClock clock;
  const Timestamp latest = clock.now() + 86'400'000;
  const auto set = [&](Timestamp time) {
    RawDatabase(folder.file())
        .run(fmt::format("UPDATE entities SET created_at = {0}, updated_at = {0}, version = {1} WHERE id = "
                         "'acme-00000004'; UPDATE role_assignments SET expires_at = 9223372036854775807",
                         time, std::int64_t{1} << 53));
  };
  const AdoptionOptions options{.clock = &clock};
  set(latest + 1);
  CHECK_ERROR(invalid_data, adopt_database(folder.file(), Environment::production, options));
  set(latest);
  CHECK_FALSE(adopt_database(folder.file(), Environment::production, options).was_adopted);
}

TEST_CASE("each mistake of a refused database is a line of the message", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 400);
  RawDatabase(folder.file()).run("UPDATE entities SET version = 0 WHERE id IN ('acme-00000004', 'acme-00000005')");
  const std::string message = error_of_adopting(folder.file());
  INFO(message);
  CHECK(std::ranges::count(message, '\n') == 2);
  CHECK(message.find("\n  entities `acme-00000005`: `version`") != std::string::npos);
  CHECK(message.find("\\x0a") == std::string::npos);
}

TEST_CASE("a hash of a key may have capital digits, and a type the slug of a reserved word", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file(), 400);
  RawDatabase(folder.file())
      .run(
          "UPDATE api_keys SET hash = upper(hash); INSERT INTO entity_types(organization_id, slug) VALUES('acme', "
          "'role')");
  CHECK(error_of_adopting(folder.file()) == "no error");
  const auto database = Database::open(folder.file());
  CHECK_NOTHROW(database.authenticate(adoptable_key("acme", "production")));
  CHECK_NOTHROW(system_of(database, "acme").entities("role").create({{"a", 1}}));
}

TEST_CASE("a file that cannot be adopted is refused and left alone", "[adoption]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  CHECK(error_of_adopting(path).find("no such file") != std::string::npos);
  CHECK(error_of_adopting(folder.path()).find("no such file") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(path));
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(5000, 'x')}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    CHECK(error_of_adopting(path).starts_with("storage: "));
    CHECK((bytes_of(path) == bytes));
  }
  std::filesystem::remove(path);
  RawDatabase(path).run("CREATE TABLE notes(text TEXT)");
  CHECK(error_of_adopting(path).find("not a database that can be adopted") != std::string::npos);
  RawDatabase(folder.file("wide.db")).run("PRAGMA encoding = 'UTF-16'; CREATE TABLE organizations(id TEXT)");
  CHECK(error_of_adopting(folder.file("wide.db")).find("UTF-8") != std::string::npos);
  CHECK_ERROR(invalid_data, adopt_database(path, Environment::production, {.batch_rows = 0}));
}

TEST_CASE("the log that another program left pending is neither lost nor merged by a refusal", "[adoption]") {
  const TemporaryFolder folder;
  make_adoptable_database(folder.file("whole.db"), 500);
  const std::string answer = in_child([&]() -> std::string {
    RawDatabase raw(folder.file("whole.db"));
    raw.run(
        "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; UPDATE entities SET status = 'new' WHERE id = "
        "'acme-00000004'; UPDATE entities SET environment = 'staging' WHERE id = 'acme-00000003'");
    _exit(0);  // with the log still there
  });
  CHECK(answer.empty());
  REQUIRE(std::filesystem::file_size(folder.file("whole.db-wal")) > 0);
  const std::string before = bytes_of(folder.file("whole.db"));
  CHECK(error_of_adopting(folder.file("whole.db")).find("`acme-00000003`") != std::string::npos);
  CHECK((bytes_of(folder.file("whole.db")) == before));
  RawDatabase(folder.file("whole.db")).run("UPDATE entities SET environment = NULL WHERE id = 'acme-00000003'");
  adopt_database(folder.file("whole.db"), Environment::production);
  CHECK(RawDatabase(folder.file("whole.db")).value("SELECT status FROM entities WHERE id = 'acme-00000004'") == "new");
}

TEST_CASE("an adoption that was stopped is refused by open, and goes on to the same environment alone", "[adoption]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_adoptable_database(path, 3000);
  const auto before = count_tables(path);
  CHECK(error_of([&] { (void)Database::open(path); }).starts_with("storage: "));
  int batches = 0, stops = 0;
  AdoptionOptions options;
  options.batch_rows = 100;
  options.progress = [&](const AdoptionProgress& progress) {
    if (progress.done < progress.total && ++batches % 7 == 0) throw std::runtime_error("stop");
  };
  for (bool finished = false; !finished;) {
    try {
      const AdoptionReport report = adopt_database(path, Environment::production, options);
      CHECK(report.was_resumed);
      finished = true;
      continue;
    } catch (const std::runtime_error& error) {
      REQUIRE(std::string(error.what()) == "stop");
      ++stops;
    }
    const std::string refusal = error_of([&] { (void)Database::open(path); });
    CHECK(refusal.find("adoption of this file is not finished") != std::string::npos);
    CHECK_ERROR(conflict, adopt_database(path, Environment::development));
  }
  CHECK(stops >= 5);
  check_adopted(path, before, AdoptableStyle::half_scoped);
}

TEST_CASE("a row that somebody took or spoiled on the way is noticed before the adoption ends", "[adoption]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_adoptable_database(path, 3000);
  AdoptionOptions options;
  options.batch_rows = 10;
  options.progress = [&](const AdoptionProgress& progress) {
    if (progress.table == "entities") throw std::runtime_error("stop");
  };
  CHECK_THROWS_AS(adopt_database(path, Environment::production, options), std::runtime_error);
  const std::string one = "id = (SELECT max(id) FROM legacy_entities WHERE organization_id = 'globex')";
  std::string message;
  SECTION("taken") {
    RawDatabase(path).run("DELETE FROM legacy_entities WHERE " + one);
    message = error_of_adopting(path);
    CHECK(message.find("`entities` had") != std::string::npos);
  }
  SECTION("spoiled") {
    RawDatabase(path).run("UPDATE legacy_entities SET data = '[' WHERE " + one);
    const auto before = count_tables(path, "legacy_").at("entities") + count_tables(path).at("entities");
    message = error_of_adopting(path);
    CHECK(message.find("not acceptable JSON") != std::string::npos);
    CHECK(count_tables(path, "legacy_").at("entities") + count_tables(path).at("entities") == before);
    RawDatabase(path).run("UPDATE legacy_entities SET data = '{}' WHERE data = '['");
    CHECK(adopt_database(path, Environment::production).was_resumed);
    return;
  }
  CHECK(error_of([&] { (void)Database::open(path); }).find("adoption") != std::string::npos);
}

TEST_CASE("an adoption that is killed at any moment loses nothing and does nothing twice",
          "[adoption][process][kill]") {
  const TemporaryFolder folder;
  const std::string path = folder.file();
  make_adoptable_database(path, 20'000);
  const auto before = count_tables(path);
  std::mt19937 random(20'000);
  const auto pause = [&](int most) {
    std::this_thread::sleep_for(std::chrono::microseconds(static_cast<int>(random() % static_cast<unsigned>(most))));
  };
  bool is_under_way = false;
  int kills_before = 0, kills_under_way = 0;
  while (kills_under_way < 40) {
    ChildProgram adopter("adopter", {path, "10"});
    bool is_finished = false;
    // At first while the rows are checked and the tables made, which may take long; then while they move.
    if (!is_under_way)
      pause(kills_before < 8 ? 60'000 : 60'000 * kills_before);
    else
      for (auto lines = random() % 6; lines > 0 && !is_finished; --lines) is_finished = adopter.line() == "finished";
    pause(3000);
    adopter.stop(SIGKILL);
    REQUIRE_FALSE(is_finished);
    REQUIRE(adopter.wait() == -SIGKILL);
    const int kills = ++(is_under_way ? kills_under_way : kills_before);
    REQUIRE(kills < 100);
    // Every other time the next adopter is the first to look at what the dead one left.
    if (is_under_way && kills % 2 == 0) continue;
    is_under_way = RawDatabase(path).value("SELECT count(*) FROM sqlite_schema WHERE name = 'adoption'") == "1";
    auto there = count_tables(path);
    if (is_under_way) {
      for (const auto& [table, count] : count_tables(path, "legacy_")) there[table] += count;
      CHECK(RawDatabase(path).value("SELECT count(*) FROM entities WHERE id IN (SELECT id FROM legacy_entities)") ==
            "0");
      CHECK(error_of([&] { (void)Database::open(path); }).find("adoption") != std::string::npos);
    }
    CHECK(there == before);
  }
  const AdoptionReport report = adopt_database(path, Environment::production);
  CHECK(report.was_resumed);
  for (const AdoptedTable& table : report.tables) CHECK(table.after == before.at(table.name));
  check_adopted(path, before, AdoptableStyle::half_scoped);
}

TEST_CASE("two processes that adopt one file at once lose nothing", "[adoption][process]") {
  for (int round = 0; round < 5; ++round) {
    const TemporaryFolder folder;
    const std::string path = folder.file();
    make_adoptable_database(path, 2000);
    const auto before = count_tables(path);
    {
      ChildProgram first("adopter", {path, "10"}), second("adopter", {path, "10"});
      for (ChildProgram* adopter : {&first, &second}) {
        std::string last;
        for (std::string line = adopter->line(); !line.empty(); line = adopter->line()) last = line;
        INFO(last);
        // Either it did the last of the work, or it was told that somebody else is at it.
        CHECK((adopter->wait() == 0 || last.starts_with("conflict: ") || last.starts_with("storage: ")));
      }
    }
    adopt_database(path, Environment::production);
    check_adopted(path, before, AdoptableStyle::half_scoped);
  }
}
