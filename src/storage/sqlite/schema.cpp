#include "storage/sqlite/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/digest.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// Step 1. Never edited after a release: what changes is a further step.
//
// Every scoped table's key and every foreign key begin with scope_id, so that a row cannot point into another scope,
// not even by raw SQL (SPEC 1). Times are milliseconds since the Unix epoch. docs/storage-format.md explains each
// table.
constexpr std::string_view step_1[] = {
    "CREATE TABLE meta("
    "name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",

    "CREATE TABLE organizations("
    "id TEXT NOT NULL PRIMARY KEY CHECK(id <> ''), name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID",

    "CREATE TABLE users("
    "id TEXT NOT NULL PRIMARY KEY CHECK(id <> ''), name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT "
    "ROWID",

    "CREATE TABLE memberships("
    "organization_id TEXT NOT NULL REFERENCES organizations(id), user_id TEXT NOT NULL REFERENCES users(id), "
    "role TEXT NOT NULL CHECK(role IN ('member', 'admin')), created_at INTEGER NOT NULL, "
    "PRIMARY KEY(organization_id, user_id)) STRICT, WITHOUT ROWID",

    // The scopes, each as a small number that leads all keys below. The generation counts changes of configuration; the
    // chain's length and last hash show when events are cut off its end.
    "CREATE TABLE scopes("
    "id INTEGER PRIMARY KEY, organization_id TEXT NOT NULL REFERENCES organizations(id), "
    "environment TEXT NOT NULL CHECK(environment IN ('development', 'production')), "
    "generation INTEGER NOT NULL DEFAULT 0, event_count INTEGER NOT NULL DEFAULT 0, "
    "event_hash BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK(length(event_hash) = 32), UNIQUE(organization_id, "
    "environment)) STRICT",

    "CREATE TABLE entity_types("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), type_key INTEGER NOT NULL, slug TEXT NOT NULL, name TEXT NOT "
    "NULL, "
    "schema TEXT NOT NULL, search_fields TEXT NOT NULL, bound_to_role TEXT, user_id_field TEXT NOT NULL, created_at "
    "INTEGER NOT NULL, "
    "PRIMARY KEY(scope_id, type_key), UNIQUE(scope_id, slug)) STRICT, WITHOUT ROWID",

    // A rowid table: data is large, and its indexes are walked without it.
    "CREATE TABLE entities("
    "scope_id INTEGER NOT NULL, id TEXT NOT NULL, type_key INTEGER NOT NULL, status TEXT NOT NULL CHECK(status <> ''), "
    "created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER, version INTEGER NOT NULL "
    "CHECK(version > 0), "
    "data TEXT NOT NULL, PRIMARY KEY(scope_id, id), "
    "FOREIGN KEY(scope_id, type_key) REFERENCES entity_types(scope_id, type_key)) STRICT",

    "CREATE INDEX entities_by_type ON entities(scope_id, type_key, deleted_at, created_at DESC, id DESC)",

    "CREATE TABLE entity_relations("
    "scope_id INTEGER NOT NULL, from_id TEXT NOT NULL, type TEXT NOT NULL, to_id TEXT NOT NULL, "
    "PRIMARY KEY(scope_id, from_id, type, to_id), "
    "FOREIGN KEY(scope_id, from_id) REFERENCES entities(scope_id, id), "
    "FOREIGN KEY(scope_id, to_id) REFERENCES entities(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE INDEX entity_relations_by_end ON entity_relations(scope_id, to_id, type, from_id)",

    "CREATE TABLE roles("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), id TEXT NOT NULL, name TEXT NOT NULL, created_at INTEGER NOT "
    "NULL, "
    "PRIMARY KEY(scope_id, id), UNIQUE(scope_id, name)) STRICT, WITHOUT ROWID",

    "CREATE TABLE policies("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, resource TEXT NOT NULL, action TEXT "
    "NOT NULL, "
    "effect TEXT NOT NULL CHECK(effect IN ('allow', 'deny')), PRIMARY KEY(scope_id, role_id, position), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE scope_rules("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, entity_type TEXT NOT NULL, rule TEXT "
    "NOT NULL, "
    "PRIMARY KEY(scope_id, role_id, position), FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    "CREATE TABLE field_masks("
    "scope_id INTEGER NOT NULL, role_id TEXT NOT NULL, position INTEGER NOT NULL, entity_type TEXT NOT NULL, "
    "kind TEXT NOT NULL CHECK(kind IN ('mask', 'visible')), definition TEXT NOT NULL, "
    "PRIMARY KEY(scope_id, role_id, position), FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id), "
    "FOREIGN KEY(scope_id, entity_type) REFERENCES entity_types(scope_id, slug)) STRICT, WITHOUT ROWID",

    "CREATE TABLE role_assignments("
    "scope_id INTEGER NOT NULL, user_id TEXT NOT NULL REFERENCES users(id), role_id TEXT NOT NULL, expires_at INTEGER, "
    "granted_by TEXT NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(scope_id, user_id, role_id), "
    "FOREIGN KEY(scope_id, role_id) REFERENCES roles(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE api_keys("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), id TEXT NOT NULL, hash BLOB NOT NULL UNIQUE CHECK(length(hash) = "
    "32), "
    "name TEXT NOT NULL, display_prefix TEXT NOT NULL, roles TEXT NOT NULL, kind TEXT NOT NULL CHECK(kind IN ('agent', "
    "'webhook')), "
    "created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, last_used_at INTEGER, "
    "PRIMARY KEY(scope_id, id)) STRICT, WITHOUT ROWID",

    "CREATE TABLE events("
    "scope_id INTEGER NOT NULL REFERENCES scopes(id), sequence INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, "
    "entity_id TEXT, other_end_id TEXT, actor_type TEXT NOT NULL, actor_id TEXT NOT NULL, created_at INTEGER NOT NULL, "
    "payload TEXT NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 32), PRIMARY KEY(scope_id, sequence), "
    "FOREIGN KEY(scope_id, entity_id) REFERENCES entities(scope_id, id), "
    "FOREIGN KEY(scope_id, other_end_id) REFERENCES entities(scope_id, id)) STRICT",

    "CREATE INDEX events_by_entity ON events(scope_id, entity_id, sequence)",
};

// The name that a CREATE statement gives.
std::string_view name_of(std::string_view sql) {
  sql.remove_prefix(sql.find(' ') + 1);  // CREATE
  sql.remove_prefix(sql.find(' ') + 1);  // TABLE, INDEX
  return sql.substr(0, sql.find_first_of(" ("));
}

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorCode::storage, message); }

std::int64_t pragma(Connection& connection, const char* name) {
  Statement statement = connection.prepare(fmt::format("PRAGMA {}", name));
  statement.step();
  return statement.integer(0);
}

}  // namespace

FileKind recognise(Connection& connection) {
  const std::int64_t id = pragma(connection, "application_id"), version = pragma(connection, "user_version");
  Statement objects = connection.prepare("SELECT count(*) FROM sqlite_schema");
  objects.step();
  if (id == 0 && version == 0 && objects.integer(0) == 0) return FileKind::empty;
  if (id != application_id) refuse("the file is a database of another program; name another file");
  if (version > schema_version)
    refuse(fmt::format(
        "the file has version {} of the tables, and this library knows versions up to {}; use a newer library", version,
        schema_version));
  if (version < schema_version)
    refuse(fmt::format("the file has version {} of the tables, which was never released", version));
  return FileKind::current;
}

void create_schema(Connection& connection) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    if (recognise(connection) == FileKind::empty) {
      for (const std::string_view sql : step_1) connection.execute(std::string(sql));
      Digest cursor_key;
      random_bytes(cursor_key);
      Statement insert = connection.prepare("INSERT INTO meta(name, value) VALUES('cursor_key', ?1)");
      insert.bind_blob(1, {reinterpret_cast<const char*>(cursor_key.data()), cursor_key.size()}).run();
      connection.execute(
          fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, schema_version));
    }
    connection.execute("COMMIT");
  } catch (...) {
    try {
      connection.execute("ROLLBACK");
    } catch (const Error&) {  // a full disk has rolled it back already
    }
    throw;
  }
}

void check_schema(Connection& connection) {
  std::map<std::string, std::string_view, std::less<>> expected;
  for (const std::string_view sql : step_1) expected.emplace(name_of(sql), sql);
  Statement statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema");
  while (statement.step()) {
    const std::string type = statement.string(0), name = statement.string(1), sql = statement.string(3);
    if (const auto found = expected.find(name); found != expected.end()) {
      if (found->second != sql)
        refuse(fmt::format("the table or index `{}` is not as struere makes it; restore a backup", name));
      expected.erase(found);
    } else if (type == "trigger" || type == "view") {
      refuse(fmt::format("there is a {} that struere did not make, `{}`; drop it", type, name));
    }
  }
  if (!expected.empty())
    refuse(fmt::format("the table or index `{}` is missing; restore a backup", expected.begin()->first));
}

}  // namespace struere
