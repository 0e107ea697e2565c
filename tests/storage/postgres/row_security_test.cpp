// The fourth wall, tried from outside with any statement at all: a connection of the application's role.
#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "support/postgres_database.hpp"

using namespace struere::test;

namespace {

// Two organizations with two scopes each (1 and 2, 3 and 4), and a row of each in every table that the catalog lists.
class WalledDatabase : public PostgresDatabase {
 public:
  WalledDatabase() {
    RawPostgres raw(superuser());
    raw.run("SET session_replication_role = replica");  // no foreign keys
    for (const auto& check : raw.rows("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' "
                                      "AND connamespace = 'struere'::regnamespace"))
      raw.run("ALTER TABLE " + check[0] + " DROP CONSTRAINT " + check[1]);
    for (const auto& found : raw.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'struere' ORDER BY 1")) {
      Table table{found[0], {}};
      for (const auto& column : raw.rows("SELECT column_name, data_type FROM information_schema.columns WHERE "
                                         "table_schema = 'struere' AND table_name = '" +
                                         found[0] + "' ORDER BY ordinal_position"))
        table.columns.emplace_back(column[0], column[1]);
      if (table.name != "meta")
        for (int scope = 1; scope <= 4; ++scope)
          if (scope % 2 == 1 || table.has("scope_id") || table.name == "scopes")
            raw.run("INSERT INTO struere." + table.name + " VALUES(" + values(table, scope) + ")");
      tables.push_back(std::move(table));
    }
  }

  struct Table {
    std::string name;
    std::vector<std::pair<std::string, std::string>> columns;

    bool has(const std::string& column) const {
      for (const auto& [name_of_column, type] : columns)
        if (name_of_column == column) return true;
      return false;
    }
  };

  static std::string organization_of(int scope) { return scope <= 2 ? "x1" : "x3"; }

  // Another row for each `number`.
  static std::string values(const Table& table, int scope, int number = 0) {
    std::string out;
    const std::string digits = std::to_string(scope) + (number == 0 ? "" : "00" + std::to_string(number));
    for (const auto& [column, type] : table.columns) {
      std::string value;
      if (column == "scope_id" || (table.name == "scopes" && column == "id"))
        value = number != 0 && table.name == "scopes" ? digits : std::to_string(scope);
      else if (column == "organization_id")
        value = "'" + organization_of(scope) + "'";
      else if (table.name == "scopes" && column == "environment")
        value = scope % 2 == 1 ? "'development'" : "'production'";
      else if (type == "text")
        value = "'x" + digits + "'";
      else if (type == "bytea")
        value = "decode(lpad('" + digits + "', 64, '0'), 'hex')";
      else
        value = digits;
      out += (out.empty() ? "" : ", ") + value;
    }
    return out;
  }

  std::vector<Table> tables;
};

using Table = WalledDatabase::Table;

// Those that may be looked into before a scope is known; a new one is to be thought about here as well.
const std::set<std::string> readable{"meta",       "organizations",    "users", "scopes", "api_key_scopes",
                                     "due_scopes", "unfinished_scopes"};

std::string in_scope(int scope, const std::string& sql) {
  return "BEGIN; SET LOCAL struere.scope = " + std::to_string(scope) + "; " + sql;
}

class WalledConnection : public RawPostgres {
 public:
  using RawPostgres::RawPostgres;
  // Each in a transaction of its own.
  std::string refusal_in(int scope, const std::string& sql) {
    std::string out = refusal(in_scope(scope, sql));
    run("ROLLBACK");
    return out;
  }
  std::vector<Row> rows_in(int scope, const std::string& sql) {
    auto out = rows(in_scope(scope, sql));
    run("ROLLBACK");
    return out;
  }
};

}  // namespace

TEST_CASE("without a scope no statement of an application reaches a scoped table", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  int walled = 0;
  for (const Table& table : database.tables) {
    INFO(table.name);
    const std::string name = "struere." + table.name;
    if (readable.contains(table.name)) {
      CHECK(application.refusal("SELECT * FROM " + name).empty());
      continue;
    }
    ++walled;
    CHECK_FALSE(application.refusal("SELECT * FROM " + name).empty());
    CHECK_FALSE(application.refusal("SELECT count(*) FROM " + name).empty());
    CHECK_FALSE(application.refusal("DELETE FROM " + name).empty());
    CHECK_FALSE(
        application.refusal("UPDATE " + name + " SET " + table.columns[0].first + " = " + table.columns[0].first)
            .empty());
    CHECK_FALSE(application.refusal("INSERT INTO " + name + " VALUES(" + database.values(table, 1, 1) + ")").empty());
    CHECK_FALSE(application.refusal("COPY " + name + " TO STDOUT").empty());
    CHECK_FALSE(application.refusal("COPY " + name + " FROM STDIN").empty());
  }
  CHECK(walled >= 30);
}

TEST_CASE("in a scope a connection sees the rows of that scope and its organization alone", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  for (const Table& table : database.tables) {
    if (readable.contains(table.name)) continue;
    for (int scope = 1; scope <= 4; ++scope) {
      INFO(table.name << " in scope " << scope);
      const bool is_scoped = table.has("scope_id");
      const auto rows = application.rows_in(
          scope, std::string("SELECT ") + (is_scoped ? "scope_id" : "organization_id") + " FROM struere." + table.name);
      REQUIRE(rows.size() == 1);
      CHECK(rows[0][0] == (is_scoped ? std::to_string(scope) : database.organization_of(scope)));
    }
    CHECK(application.rows_in(2, "COPY (SELECT * FROM struere." + table.name + ") TO STDOUT").size() == 1);
    CHECK(application.rows_in(7, "SELECT * FROM struere." + table.name).empty());  // a scope that does not exist
  }
}

TEST_CASE("in a scope no statement writes a row of another one", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  RawPostgres all(database.superuser());
  const auto everything = [&] {
    std::map<std::string, std::vector<RawPostgres::Row>> out;
    for (const Table& table : database.tables)
      out[table.name] = all.rows("SELECT t::text FROM struere." + table.name + " t ORDER BY 1");
    return out;
  };
  const auto before = everything();
  const bool knows_merge = std::stoi(all.value("SHOW server_version_num")) >= 150'000;
  for (const Table& table : database.tables) {
    if (readable.contains(table.name) && !table.has("scope_id")) continue;
    INFO(table.name);
    const std::string name = "struere." + table.name;
    const bool is_scoped = table.has("scope_id");
    const std::string owner = is_scoped ? "scope_id" : "organization_id", other = is_scoped ? "3" : "'x3'",
                      own = is_scoped ? "1" : "'x1'";
    const std::string policy = "row-level security policy", denied = "permission denied";
    const auto is_refused = [&](const std::string& sql) {
      const std::string refusal = application.refusal_in(1, sql);
      return refusal.find(policy) != std::string::npos || refusal.find(denied) != std::string::npos;
    };
    CHECK(is_refused("INSERT INTO " + name + " VALUES(" + database.values(table, 3, 1) + ")"));
    CHECK(is_refused("INSERT INTO " + name + " VALUES(" + database.values(table, 3) + ") ON CONFLICT DO NOTHING"));
    CHECK(is_refused("UPDATE " + name + " SET " + owner + " = " + other));
    if (knows_merge)
      CHECK(is_refused("MERGE INTO " + name + " USING (SELECT 1) one ON false WHEN NOT MATCHED THEN INSERT VALUES(" +
                       database.values(table, 3, 1) + ")"));
    // Rows of others are not there to be changed, whatever the condition.
    const auto returned = [&](const std::string& sql) {  // nothing, where it is refused for another reason
      const std::string refusal = application.refusal_in(1, sql);
      if (refusal.empty()) return application.rows_in(1, sql);
      CHECK((refusal.find("foreign key") != std::string::npos || refusal.find(denied) != std::string::npos));
      return std::vector<RawPostgres::Row>();
    };
    CHECK(
        returned("UPDATE " + name + " SET " + owner + " = " + own + " WHERE " + owner + " = " + other + " RETURNING 1")
            .empty());
    CHECK(returned("DELETE FROM " + name + " WHERE " + owner + " = " + other + " RETURNING 1").empty());
    for (const std::string& sql :
         {"DELETE FROM " + name + " WHERE " + owner + " <> " + own + " OR true RETURNING " + owner,
          "UPDATE " + name + " SET " + owner + " = " + owner + " RETURNING " + owner,
          "WITH gone AS (DELETE FROM " + name + " RETURNING " + owner + ") SELECT * FROM gone"})
      for (const auto& row : returned(sql)) CHECK((row[0] == "1" || row[0] == "x1"));
    CHECK_FALSE(application.refusal_in(1, "COPY " + name + " FROM STDIN").empty());
    CHECK(is_refused("TRUNCATE " + name));
    CHECK_FALSE(application.refusal_in(1, "ALTER TABLE " + name + " DISABLE ROW LEVEL SECURITY").empty());
    CHECK_FALSE(application.refusal_in(1, "ALTER TABLE " + name + " NO FORCE ROW LEVEL SECURITY").empty());
    CHECK_FALSE(application.refusal_in(1, "CREATE POLICY mine ON " + name + " USING (true)").empty());
    CHECK_FALSE(application.refusal_in(1, "DROP TABLE " + name).empty());
    CHECK_FALSE(application.refusal_in(1, "CREATE VIEW struere.mine AS SELECT * FROM " + name).empty());
    if (!readable.contains(table.name))
      CHECK_FALSE(application.refusal_in(1, "SET LOCAL row_security = off; SELECT * FROM " + name).empty());
  }
  CHECK(everything() == before);
}

TEST_CASE("the tables that are read without a scope are written as narrowly as can be", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  for (const char* const sql :
       {"UPDATE struere.meta SET value = ''", "DELETE FROM struere.meta", "INSERT INTO struere.meta VALUES('a', '')",
        "DELETE FROM struere.organizations", "UPDATE struere.organizations SET name = 'mine'",
        "UPDATE struere.organizations SET id = 'mine'", "UPDATE struere.users SET name = 'mine'",
        "DELETE FROM struere.users", "UPDATE struere.scopes SET organization_id = 'x1'", "DELETE FROM struere.scopes",
        "UPDATE struere.api_key_scopes SET scope_id = 1"}) {
    INFO(sql);
    CHECK(application.refusal_in(1, sql).find("permission denied") != std::string::npos);
  }
}

TEST_CASE("a foreign key never leads from one scope into another", "[postgres][wall]") {
  const PostgresDatabase database;
  RawPostgres all(database.superuser());
  all.run(
      "INSERT INTO struere.organizations VALUES('a', 'a', 1), ('b', 'b', 1); INSERT INTO struere.scopes VALUES(1, 'a', "
      "'development'), (2, 'b', 'development')");
  for (const char* const scope : {"1", "2"})
    all.run(
        std::string("INSERT INTO struere.entity_types(scope_id, type_key, slug, name, schema, search_fields, "
                    "user_id_field, created_at) VALUES(") +
        scope +
        ", 1, 't', 't', '{}', '[]', 'u', 1); "
        "INSERT INTO struere.entities(scope_id, id, type_key, status, created_at, updated_at, version, data) VALUES(" +
        scope + ", 'e" + scope + "', 1, 'active', 1, 1, 1, '{}')");
  WalledConnection application(database.application());
  const std::string relation = "INSERT INTO struere.entity_relations VALUES(1, 'e1', 'knows', '";
  CHECK(application.refusal_in(1, relation + "e1')").empty());
  CHECK(application.refusal_in(1, relation + "e2')").find("foreign key") != std::string::npos);
  // As if there were no such row at all.
  CHECK(application.refusal_in(1, relation + "none')").find("foreign key") != std::string::npos);
  // And every foreign key of the catalog between scoped tables begins with the scope.
  CHECK(
      all.rows(
             "SELECT c.conname FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = "
             "c.conkey[1] JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = c.confkey[1] WHERE c.contype "
             "= 'f' AND c.connamespace = 'struere'::regnamespace AND EXISTS (SELECT 1 FROM pg_attribute s WHERE "
             "s.attrelid = c.conrelid AND s.attname = 'scope_id') AND EXISTS (SELECT 1 FROM pg_attribute s WHERE "
             "s.attrelid = c.confrelid AND s.attname = 'scope_id' ) AND (a.attname <> 'scope_id' OR f.attname <> "
             "'scope_id') AND c.confrelid <> 'struere.api_key_scopes'::regclass")
          .empty());
}

TEST_CASE("a scope ends with its transaction, so that a pooled connection carries none on", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  CHECK(application.rows(in_scope(1, "SELECT 1 FROM struere.entities")).size() == 1);
  application.run("COMMIT");
  CHECK_FALSE(application.refusal("SELECT 1 FROM struere.entities").empty());
  CHECK(application.rows(in_scope(2, "SELECT scope_id FROM struere.entities")) == std::vector<RawPostgres::Row>{{"2"}});
  application.run("ROLLBACK");
  CHECK_FALSE(application.refusal("SELECT 1 FROM struere.entities").empty());
}

TEST_CASE("what hides in an expression reaches no other scope", "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection application(database.application());
  // An expression cannot change the scope.
  CHECK(
      application.refusal_in(1, "SELECT data FROM struere.entities WHERE set_config('struere.scope', '3', true) = '3'")
          .find("permission denied for function set_config") != std::string::npos);
  CHECK_FALSE(application.refusal_in(1, "SELECT query_to_xml('SET struere.scope = 3', true, true, '')").empty());
  // A cheap function of the attacker's own, which tells of each row that it is asked about, is asked after the policy.
  application.run(
      "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE "
      "NOTICE 'saw %', $1; RETURN true; END $$");
  application.rows_in(1, "SELECT 1 FROM struere.entities WHERE pg_temp.tell(data)");
  CHECK(application.notices().find("saw x1") != std::string::npos);
  CHECK(application.notices().find("saw x3") == std::string::npos);
  CHECK(application.notices().find("saw x2") == std::string::npos);
  // Nor do errors of values tell of them.
  CHECK(application.refusal_in(1, "SELECT 1 FROM struere.entities WHERE (data || scope_id)::integer = 1").find("x3") ==
        std::string::npos);
  RawPostgres(database.superuser()).run("ANALYZE");
  CHECK(application.value("SELECT count(*) FROM pg_stats WHERE schemaname = 'struere' AND tablename = 'entities'") ==
        "0");
}

TEST_CASE("the owner sees no more than a scope either, and the backup reads all and writes nothing",
          "[postgres][wall]") {
  const WalledDatabase database;
  WalledConnection owner(database.owner()), backup(database.backup());
  CHECK_FALSE(owner.refusal("SELECT * FROM struere.entities").empty());
  CHECK(owner.rows_in(1, "SELECT * FROM struere.entities").size() == 1);
  for (const Table& table : database.tables) {
    INFO(table.name);
    const std::string name = "struere." + table.name;
    if (table.has("scope_id")) CHECK(backup.rows("SET row_security = off; SELECT * FROM " + name).size() == 4);
    CHECK(backup.refusal("DELETE FROM " + name).find("permission denied") != std::string::npos);
    CHECK(backup.refusal("TRUNCATE " + name).find("permission denied") != std::string::npos);
    CHECK(backup.refusal("UPDATE " + name + " SET " + table.columns[0].first + " = NULL").find("permission denied") !=
          std::string::npos);
  }
}
