#include "users_code.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

std::string select(const char* rest) {
  return fmt::format(
      "SELECT id, status, created_at, updated_at, version, data FROM entities WHERE scope_id = ?1 AND type_key = ?2 "
      "AND "
      "data -> '$.\"teacherId\"' = ?3 AND deleted_at IS NULL {}",
      rest);
}

}  // namespace

UsersCode::UsersCode(const std::string& path, const std::string& teacher, const struere::SqliteOptions& settings)
    : database_(path, SQLite::OPEN_READWRITE, 5000),
      get_(database_, select("AND id = ?4")),
      page_(database_, select("ORDER BY created_at DESC, id DESC LIMIT 50")) {
  database_.exec(
      fmt::format("PRAGMA cache_size = -{}; PRAGMA mmap_size = {}", settings.cache_bytes / 1024, settings.mmap_bytes));
  const std::int64_t scope =
      database_.execAndGet("SELECT id FROM scopes WHERE organization_id = 'company' AND environment = 'production'");
  const std::int64_t type = database_.execAndGet(
      fmt::format("SELECT type_key FROM entity_types WHERE scope_id = {} AND slug = 'session'", scope));
  for (SQLite::Statement* const statement : {&get_, &page_}) {
    statement->bind(1, scope);
    statement->bind(2, type);
    statement->bind(3, fmt::format("\"{}\"", teacher));
  }
}

std::vector<UsersCode::Row> UsersCode::read(SQLite::Statement& statement) const {
  std::vector<Row> rows;
  while (statement.executeStep()) {
    Row row;
    row.id = statement.getColumn(0).getString();
    row.status = statement.getColumn(1).getString();
    row.created_at = statement.getColumn(2).getInt64();
    row.updated_at = statement.getColumn(3).getInt64();
    row.version = statement.getColumn(4).getInt64();
    row.data = struere::Json::parse(statement.getColumn(5).getString());
    row.data.erase(masked_field);
    rows.push_back(std::move(row));
  }
  statement.reset();
  return rows;
}

std::vector<UsersCode::Row> UsersCode::get(const std::string& id) {
  get_.bind(4, id);
  return read(get_);
}

std::vector<UsersCode::Row> UsersCode::page() { return read(page_); }

}  // namespace bench
