#include "tampering.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

Connection open(const std::string& path) {
  sqlite3* raw = nullptr;
  if (sqlite3_open(path.c_str(), &raw) != SQLITE_OK) throw std::runtime_error("cannot open " + path);
  Connection connection(raw, sqlite3_close);
  sqlite3_exec(raw, "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  return connection;
}

// The first column of the first row; throws with SQLite's words where the statement is refused.
std::string run(sqlite3* connection, const std::string& sql, const std::vector<std::string>& values) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(connection, sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(connection));
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement(raw, sqlite3_finalize);
  for (std::size_t i = 0; i < values.size(); ++i)
    sqlite3_bind_text(raw, static_cast<int>(i) + 1, values[i].c_str(), -1, SQLITE_STATIC);
  const int code = sqlite3_step(raw);
  if (code != SQLITE_ROW && code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(connection));
  if (code != SQLITE_ROW) return {};
  const auto* const text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
  return text ? text : "";
}

}  // namespace

std::string tamper_with_event(const std::string& database_path, const std::string& organization, const std::string& environment) {
  const Connection connection = open(database_path);
  const std::string event = run(connection.get(),
                                "SELECT e.id FROM events e JOIN scopes s ON s.id = e.scope_id WHERE s.organization_id = ?1 AND "
                                "s.environment = ?2 AND e.payload LIKE '%\"duration\":60%' ORDER BY e.sequence LIMIT 1 OFFSET 5",
                                {organization, environment});
  run(connection.get(), "UPDATE events SET payload = replace(payload, '\"duration\":60', '\"duration\":90') WHERE id = ?1", {event});
  return event;
}

std::string link_across_scopes(const std::string& database_path, const std::string& from, const std::string& to) {
  try {
    run(open(database_path).get(),
        "INSERT INTO entity_relations(scope_id, from_id, type, to_id) SELECT scope_id, id, 'attends', ?2 FROM entities WHERE id = ?1", {from, to});
    return {};
  } catch (const std::runtime_error& refusal) {
    return refusal.what();
  }
}
