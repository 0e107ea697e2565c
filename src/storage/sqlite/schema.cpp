#include "storage/sqlite/schema.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include "core/digest.hpp"
#include "storage/configuration.hpp"
#include "storage/sqlite/schema_steps.hpp"
#include "storage/sqlite/search_index.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// The name in a CREATE statement.
std::string_view name_of(std::string_view sql) {
  for (const std::string_view word : {"CREATE ", "UNIQUE ", "VIRTUAL ", "TABLE ", "INDEX "})
    if (sql.starts_with(word)) sql.remove_prefix(word.size());
  return sql.substr(0, sql.find_first_of(" ("));
}

constexpr std::int64_t version_with_folded_words = 5;  // before it, the index had other words or did not exist
constexpr std::int64_t version_with_due_scopes = 5, version_with_field_keys = 5;

[[noreturn]] void refuse_file(const std::string& message) { throw Error(ErrorCode::storage, message); }

std::int64_t pragma(Connection& connection, const char* name) {
  Statement statement = connection.prepare(fmt::format("PRAGMA {}", name));
  statement.step();
  return statement.integer(0);
}

void insert_cursor_key(Connection& connection) {
  Digest cursor_key;
  random_bytes(cursor_key);
  Statement insert = connection.prepare("INSERT INTO meta(name, value) VALUES('cursor_key', ?1)");
  insert.bind_blob(1, {reinterpret_cast<const char*>(cursor_key.data()), cursor_key.size()}).run();
}

// Indexes again the words of rows that an earlier version stored.
void index_words(Connection& connection) {
  Statement types = connection.prepare("SELECT scope_id, type_key FROM entity_types WHERE search_fields <> '[]'");
  while (types.step()) SearchIndex(connection, types.integer(0)).rebuild(types.integer(1));
}

// The text that SQLite stores for each table and index after all steps. A step may alter what an earlier step made, so
// the steps run once, in memory.
const std::map<std::string, std::string, std::less<>>& schema_texts() {
  static const auto texts = [] {
    Connection connection(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
    for (const auto step : schema_steps)
      for (const std::string_view sql : step) connection.execute(std::string(sql));
    std::map<std::string, std::string, std::less<>> out;
    Statement statement = connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL");
    while (statement.step())
      if (is_in_schema(statement.text(0))) out.emplace(statement.string(0), statement.string(1));
    return out;
  }();
  return texts;
}

// Earlier versions found rows by fields with indexes of the whole file. Removes them.
void drop_field_indexes(Connection& connection) {
  std::vector<std::string> names;
  {
    Statement indexes =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name GLOB 'entities_by_data.*'");
    while (indexes.step()) names.push_back(indexes.string(0));
  }
  for (const std::string& name : names) {
    std::string quoted;
    for (const char c : name) quoted.append(c == '"' ? "\"\"" : std::string(1, c));
    connection.execute(fmt::format("DROP INDEX \"{}\"", quoted));
  }
}

// While an object of this class lives, foreign keys are not enforced. SQLite cannot change that inside a transaction.
class WithoutForeignKeys {
 public:
  explicit WithoutForeignKeys(Connection& connection) : connection_(connection) {
    connection_.execute("PRAGMA foreign_keys = OFF");
  }
  ~WithoutForeignKeys() { sqlite3_exec(connection_.handle(), "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr); }
  WithoutForeignKeys(const WithoutForeignKeys&) = delete;
  WithoutForeignKeys& operator=(const WithoutForeignKeys&) = delete;

 private:
  Connection& connection_;
};

// Defines the keys of rows that an earlier version stored. Keys with many rows are filled after the file is open.
void define_all_field_keys(Connection& connection) {
  Statement scopes = connection.prepare("SELECT id, organization_id FROM scopes");
  while (scopes.step()) {
    SqliteTransaction transaction(connection, scopes.integer(0), scopes.string(1));
    for (const EntityType& type : stored_entity_types(transaction)) define_field_keys(transaction, type);
  }
}

}  // namespace

FileKind recognise(Connection& connection) {
  const std::int64_t id = pragma(connection, "application_id"), version = pragma(connection, "user_version");
  Statement objects = connection.prepare("SELECT count(*) FROM sqlite_schema");
  objects.step();
  if (id == 0 && version == 0 && objects.integer(0) == 0) return FileKind::empty;
  if (id == adoption_id) refuse_file("the adoption of this file is not finished; call adopt_database again");
  if (id != application_id) refuse_file("the file is a database of another program; name another file");
  if (version > schema_version)
    refuse_file(fmt::format(
        "the file has version {} of the tables, and this library knows versions up to {}; use a newer library", version,
        schema_version));
  if (version < 1) refuse_file(fmt::format("the file has version {} of the tables, which was never released", version));
  return version < schema_version ? FileKind::older : FileKind::current;
}

void take_schema_steps(Connection& connection, std::int64_t taken, std::int64_t mark) {
  for (auto step = static_cast<std::size_t>(taken); step < schema_steps.size(); ++step)
    for (const std::string_view sql : schema_steps[step]) connection.execute(std::string(sql));
  if (taken == 0) insert_cursor_key(connection);
  if (taken < version_with_folded_words) index_words(connection);
  if (taken < version_with_due_scopes)
    connection.execute(
        "INSERT INTO due_scopes SELECT scope_id, min(due_at) FROM trigger_runs WHERE status IN ('pending', 'running') "
        "GROUP BY scope_id");
  if (taken < version_with_field_keys) {
    drop_field_indexes(connection);
    define_all_field_keys(connection);
  }
  connection.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", mark, schema_version));
}

void create_or_migrate_schema(Connection& connection) {
  const WithoutForeignKeys free(connection);
  connection.execute("BEGIN IMMEDIATE");
  try {
    if (recognise(connection) != FileKind::current)
      take_schema_steps(connection, pragma(connection, "user_version"), application_id);
    connection.execute("COMMIT");
  } catch (...) {
    try {
      connection.execute("ROLLBACK");
    } catch (const Error&) {  // SQLite has already rolled back, for example because the disk is full
    }
    throw;
  }
}

void check_schema(Connection& connection) {
  std::map<std::string, std::string, std::less<>> expected = schema_texts();
  Statement statement = connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema");
  while (statement.step()) {
    const std::string type = statement.string(0), name = statement.string(1), sql = statement.string(3);
    if (const auto found = expected.find(name); found != expected.end()) {
      if (found->second != sql)
        refuse_file(fmt::format("the table or index `{}` is not as struere makes it; restore a backup", name));
      expected.erase(found);
    } else if (type == "trigger" || type == "view") {
      refuse_file(fmt::format("there is a {} that struere did not make, `{}`; drop it", type, name));
    }
  }
  if (!expected.empty())
    refuse_file(fmt::format("the table or index `{}` is missing; restore a backup", expected.begin()->first));
}

bool is_in_schema(std::string_view name) {
  return std::ranges::any_of(schema_steps, [&](const auto step) {
    return std::ranges::any_of(step, [&](const std::string_view sql) { return name_of(sql) == name; });
  });
}

}  // namespace struere
