// A database that is not as `struere pg init` makes it is not opened, and the message says what mends it.
#include <catch2/catch.hpp>

#include "storage/postgres/schema.hpp"
#include "storage/postgres/schema_check.hpp"
#include "support/postgres_database.hpp"
#include "support/throws_error.hpp"

using namespace struere;
using namespace struere::test;

namespace {

template <class Check>
std::string fault_that(Check check) {
  try {
    check();
    return {};
  } catch (const Error& error) {
    REQUIRE(error.code() == ErrorCode::storage);
    return error.what();
  }
}

// What opening it says; empty if it is as it should be.
std::string fault_of(const std::string& url) {
  postgres::Connection connection(postgres::Target::parse(url));
  return fault_that([&] { postgres::check_database(connection); });
}

// What would be said after these statements, in a transaction that does not stay.
std::string fault_after(const PostgresDatabase& database, const std::vector<std::string>& damage) {
  postgres::Connection connection(postgres::Target::parse(database.superuser()));
  connection.run("BEGIN");
  for (const std::string& statement : damage) connection.run(statement);
  return fault_that([&] { postgres::check_schema(connection); });
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a database is opened as the application or the owner, never past row security", "[postgres][wall]") {
  const PostgresDatabase database;
  CHECK(fault_of(database.application()).empty());
  CHECK(fault_of(database.owner()).empty());
  CHECK(says(fault_of(database.superuser()), "is a superuser"));
  CHECK(says(fault_of(database.backup()), "has BYPASSRLS"));
  CHECK(says(fault_of(database.superuser()), "connect as the role of the application"));

  // A role that may become one that passes is no better.
  RawPostgres raw(database.superuser());
  const std::string member = "struere_member_" + database.name();
  raw.run("CREATE ROLE " + member + " LOGIN IN ROLE struere_application, struere_backup");
  CHECK(says(fault_of(database.as(member)), "has BYPASSRLS"));
  raw.run("REVOKE struere_backup FROM " + member);
  CHECK(fault_of(database.as(member)).empty());
  raw.run("ALTER ROLE " + member + " BYPASSRLS");
  CHECK(says(fault_of(database.as(member)), "has BYPASSRLS"));
  raw.run("DROP ROLE " + member);
}

TEST_CASE("a database whose row security was weakened is not opened until it is set up again", "[postgres][wall]") {
  const std::vector<std::pair<std::string, std::string>> damages{
      {"ALTER TABLE struere.events NO FORCE ROW LEVEL SECURITY", "`events` lets its owner past"},
      {"ALTER TABLE struere.events DISABLE ROW LEVEL SECURITY", "`events` has no row security"},
      {"ALTER TABLE struere.users DISABLE ROW LEVEL SECURITY", "`users` has no row security"},
      {"DROP POLICY scope ON struere.roles", "policies of the table `roles`"},
      {"CREATE POLICY more ON struere.entities USING (true)", "policies of the table `entities`"},
      {"ALTER POLICY scope ON struere.entities USING (scope_id = "
       "coalesce(current_setting('struere.scope', true)::integer, 1))",
       "policies of the table `entities`"},
      {"ALTER POLICY scope ON struere.entities WITH CHECK (true)", "policies of the table `entities`"},
      {"ALTER POLICY organization ON struere.agents USING (true)", "policies of the table `agents`"},
      {"ALTER POLICY scope ON struere.api_keys TO struere_application", "policies of the table `api_keys`"}};
  const PostgresDatabase database;
  for (const auto& [damage, message] : damages) {
    INFO(damage);
    const std::string fault = fault_after(database, {damage});
    CHECK(says(fault, message));
    CHECK(says(fault, "struere pg init"));
  }
  RawPostgres raw(database.superuser());
  for (const auto& [damage, message] : damages) raw.run(damage);
  CHECK(says(fault_of(database.application()), "struere pg init"));
  database.set_up();
  CHECK(fault_of(database.application()).empty());
}

TEST_CASE("a database is not opened where somebody has more rights than they were given", "[postgres][wall]") {
  const PostgresDatabase database;
  RawPostgres raw(database.superuser());
  const std::string set_config = "FUNCTION pg_catalog.set_config(text, text, boolean)";
  for (const auto& [damage, message] : std::vector<std::pair<std::string, std::string>>{
           {"GRANT TRUNCATE ON struere.entities TO struere_application", "TRUNCATE on the table `entities`"},
           {"GRANT REFERENCES ON struere.users TO struere_application", "REFERENCES on the table `users`"},
           {"GRANT TRIGGER ON struere.events TO struere_application", "TRIGGER on the table `events`"},
           {"GRANT SELECT ON struere.roles TO PUBLIC", "PUBLIC has the right SELECT on the table `roles`"},
           {"GRANT EXECUTE ON " + set_config + " TO PUBLIC", "PUBLIC may call pg_catalog.set_config"}}) {
    INFO(damage);
    raw.run(damage);
    const std::string fault = fault_of(database.application());
    CHECK(says(fault, message));
    CHECK(says(fault, "struere pg init"));
    CHECK_ERROR(storage, Database::open(database.application()));
    database.set_up();
    CHECK(fault_of(database.application()).empty());
  }
  const auto warnings = [&](const std::string& url) {
    return Database::open(url).trusted_host().check_storage().warnings;
  };
  CHECK(warnings(database.application()).empty());
  REQUIRE(warnings(database.owner()).size() == 1);
  CHECK(says(warnings(database.owner()).front(), "the role struere_owner owns the schema"));
  // One that is set up without a superuser has never had it taken away.
  raw.run("REVOKE EXECUTE ON " + set_config + " FROM struere_owner, struere_backup; GRANT EXECUTE ON " + set_config +
          " TO PUBLIC");
  CHECK(fault_of(database.application()).empty());
  REQUIRE(warnings(database.application()).size() == 1);
  CHECK(says(warnings(database.application()).front(), "PUBLIC may call pg_catalog.set_config"));
}

TEST_CASE("a setting that keeps row security from narrowing is named", "[postgres]") {
  const PostgresDatabase database;
  const std::string off = database.application() + "&options=-c%20row_security%3Doff";
  CHECK(says(fault_of(off), "row_security is off"));
  CHECK(says(fault_of(off), "RESET row_security"));
  postgres::Connection connection(postgres::Target::parse(off));
  CHECK(says(fault_that([&] { connection.run("SELECT count(*) FROM struere.users"); }), "RESET row_security"));
}

TEST_CASE("setting up says what it lacks, and whose the tables are", "[postgres]") {
  const PostgresDatabase database(PostgresDatabase::Tables::none);
  RawPostgres raw(database.superuser());
  const std::string poor = "struere_poor_" + database.name(), other = "struere_other_" + database.name();
  raw.run("CREATE ROLE " + poor + " LOGIN; CREATE ROLE " + other + " LOGIN");
  const auto setting_up = [&](const std::string& url, const PostgresRoles& roles = {}) {
    try {
      set_up_postgres(url, {.roles = roles});
      return std::string();
    } catch (const Error& error) {
      return std::string(error.what());
    }
  };
  CHECK(says(setting_up(database.as(poor)), "superuser"));
  CHECK_FALSE(says(setting_up(database.as(poor)), "prints"));
  database.set_up();
  CHECK(says(setting_up(database.application()), "superuser"));
  CHECK(says(setting_up(database.superuser(), {.owner = other}), "belongs to \"struere_owner\""));
  CHECK(setting_up(database.superuser()).empty());
  raw.run("ALTER TABLE struere.events OWNER TO postgres");  // as pg_restore --no-owner leaves all of them
  CHECK(says(setting_up(database.superuser()), "belongs to \"postgres\""));
  raw.run("ALTER TABLE struere.events OWNER TO struere_owner");
  CHECK(setting_up(database.superuser()).empty());
  raw.run("DROP OWNED BY " + poor + ", " + other + "; DROP ROLE " + poor + "; DROP ROLE " + other);
}

TEST_CASE("a database of another encoding is not set up", "[postgres]") {
  const PostgresDatabase any;
  RawPostgres server(any.superuser());
  const std::string name = any.name() + "_latin";
  server.run("CREATE DATABASE " + name + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  std::string url = any.superuser();
  url.replace(url.find("/" + any.name()), any.name().size() + 1, "/" + name);
  try {
    set_up_postgres(url);
    FAIL_CHECK("it was set up");
  } catch (const Error& error) {
    CHECK(says(error.what(), "LATIN1, not UTF8"));
  }
  CHECK(RawPostgres(url).value("SELECT to_regnamespace('struere')") == "NULL");
  server.run("DROP DATABASE " + name);
}

TEST_CASE("a database whose tables were changed is not opened", "[postgres]") {
  const PostgresDatabase database;
  for (const auto& [damage, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"ALTER TABLE struere.entities DROP COLUMN version"}, "`entities.version` is missing"},
           {{"ALTER TABLE struere.entities ALTER COLUMN status TYPE text COLLATE \"default\""}, "`entities.status`"},
           {{"ALTER TABLE struere.entities ALTER COLUMN data DROP NOT NULL"}, "`entities.data`"},
           {{"ALTER TABLE struere.events ALTER COLUMN created_at TYPE integer"}, "`events.created_at`"},
           {{"DROP TABLE struere.retention"}, "`retention` has no row security"},
           {{"CREATE VIEW struere.everything AS SELECT * FROM struere.entities"}, "`everything`"},
           {{"CREATE FUNCTION public.copy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
             "CREATE TRIGGER copier AFTER INSERT ON struere.entities FOR EACH ROW EXECUTE FUNCTION public.copy()"},
            "`copier` on `entities`"},
           {{"CREATE RULE spy AS ON INSERT TO struere.entities DO ALSO NOTIFY spy"}, "`spy` on `entities`"},
           {{"UPDATE struere.meta SET value = '999' WHERE name IN ('schema_version', 'oldest_compatible_version')"},
            "use a newer library"},
           {{"DELETE FROM struere.meta WHERE name = 'schema_version'"}, "has no version"},
           {{"DROP SCHEMA struere CASCADE"}, "no tables of struere"}}) {
    INFO(damage.front());
    CHECK(says(fault_after(database, damage), message));
  }
  RawPostgres(database.superuser()).run("ALTER TABLE struere.entities DROP COLUMN version");
  CHECK(says(fault_of(database.application()), "`entities.version` is missing"));
}

TEST_CASE("setting up again waits for nobody where nothing is to be changed", "[postgres]") {
  const PostgresDatabase database;
  const std::string patient_for_a_second = "&options=-c%20lock_timeout%3D1000";
  RawPostgres reader(database.superuser());
  std::string tables;
  for (const auto& table : reader.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'struere'"))
    tables += (tables.empty() ? "struere." : ", struere.") + table[0];
  const auto again = [&](const std::string& url) { return set_up_postgres(url + patient_for_a_second).size(); };
  reader.run("BEGIN; LOCK TABLE " + tables + " IN ROW EXCLUSIVE MODE");  // as any writer does
  CHECK(again(database.superuser()) > 0);
  CHECK(again(database.owner()) > 0);
  reader.run("COMMIT; DROP POLICY scope ON struere.roles; BEGIN; LOCK TABLE " + tables + " IN ROW EXCLUSIVE MODE");
  CHECK_ERROR(storage, again(database.owner()));
  reader.run("ROLLBACK");
  again(database.owner());
  CHECK(fault_of(database.application()).empty());
}

TEST_CASE("a newer library's tables are used by an older one where that one may", "[postgres]") {
  const PostgresDatabase database;
  RawPostgres raw(database.superuser());
  raw.run(
      "UPDATE struere.meta SET value = '999' WHERE name = 'schema_version'; ALTER TABLE struere.entities ADD COLUMN "
      "extra bigint");
  CHECK(fault_of(database.application()).empty());
  raw.run("UPDATE struere.meta SET value = '0' WHERE name = 'schema_version'");
  CHECK(says(fault_of(database.application()), "no version"));
}

TEST_CASE("tables of version 2 are brought up to date by setting up again, and older libraries then refuse them",
          "[postgres][migration]") {
  const PostgresDatabase database;
  RawPostgres raw(database.superuser());
  raw.run(
      "DROP TABLE struere.log_disorder; DROP INDEX struere.threads_by_agent; DROP INDEX struere.executions_by_agent; "
      "DROP INDEX struere.trigger_runs_by_trigger; DROP TABLE struere.kept_answers; ALTER TABLE struere.events DROP "
      "COLUMN IF "
      "EXISTS trace_id; "
      "UPDATE struere.meta SET value = '2' WHERE name = 'schema_version'; "
      "UPDATE struere.meta SET value = '1' WHERE name = 'oldest_compatible_version'");
  CHECK(says(fault_of(database.application()), "struere pg init"));
  set_up_postgres(database.owner());
  CHECK(fault_of(database.application()).empty());
  CHECK(raw.value("SELECT string_agg(convert_from(value, 'UTF8'), ' ' ORDER BY name) FROM struere.meta WHERE name LIKE "
                  "'%version'") == "4 4");
}

TEST_CASE("setting up is done once, again, or not at all", "[postgres]") {
  const PostgresDatabase database(PostgresDatabase::Tables::none);
  RawPostgres raw(database.superuser());
  CHECK(says(fault_of(database.application()), "no tables of struere"));
  const auto planned = set_up_postgres(database.superuser(), {.dry_run = true});
  CHECK(planned.size() > 100);
  CHECK(raw.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'struere'") == "0");
  database.set_up();
  CHECK(fault_of(database.application()).empty());
  const std::string key = raw.value("SELECT value FROM struere.meta WHERE name = 'cursor_key'");
  database.set_up();
  set_up_postgres(database.owner());  // what a new version needs
  CHECK(fault_of(database.application()).empty());
  CHECK(raw.value("SELECT value FROM struere.meta WHERE name = 'cursor_key'") == key);
  CHECK(raw.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'struere' AND tableowner <> 'struere_owner'") ==
        "0");

  CHECK_ERROR(storage, set_up_postgres(database.application()));
  CHECK_ERROR(conflict, set_up_postgres(database.superuser(), {.roles = {.application = "postgres"}}));
  CHECK_ERROR(conflict, set_up_postgres(database.superuser(), {.roles = {.owner = "a", .application = "a"}}));
  CHECK_ERROR(invalid_data, set_up_postgres(database.superuser(), {.roles = {.application = ""}}));
}
