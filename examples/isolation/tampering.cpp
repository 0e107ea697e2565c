#include "tampering.hpp"

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Connection open(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open(path.c_str(), &raw);
  Connection connection(raw, sqlite3_close);  // a connection must be closed even if opening it failed
  if (code != SQLITE_OK) throw std::runtime_error("cannot open " + path);
  sqlite3_busy_timeout(raw, 5000);
  sqlite3_exec(raw, "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  return connection;
}

// Throws SQLite's message if the statement is refused.
void execute(sqlite3* connection, const char* sql, const std::vector<std::string>& values) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(connection, sql, -1, &raw, nullptr) != SQLITE_OK)
    throw std::runtime_error(sqlite3_errmsg(connection));
  const Statement statement(raw, sqlite3_finalize);
  for (std::size_t i = 0; i < values.size(); ++i)
    sqlite3_bind_text(raw, static_cast<int>(i) + 1, values[i].c_str(), -1, SQLITE_TRANSIENT);
  if (sqlite3_step(raw) != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(connection));
}

}  // namespace

int rewrite_event(const std::string& database_path, const struere::EventId& event, const std::string& text,
                  const std::string& by) {
  const Connection connection = open(database_path);
  execute(connection.get(),
          "UPDATE events SET payload = replace(payload, ?2, ?3) WHERE id = ?1 AND instr(payload, ?2) > 0",
          {event.str(), text, by});
  return sqlite3_changes(connection.get());
}

std::string link_across_scopes(const std::string& database_path, const struere::EntityId& from,
                               const struere::EntityId& to) {
  const Connection connection = open(database_path);
  try {
    execute(connection.get(),
            "INSERT INTO entity_relations(scope_id, from_id, type, to_id) SELECT scope_id, id, 'teaches', ?2 FROM "
            "entities WHERE id = ?1",
            {from.str(), to.str()});
    return {};
  } catch (const std::runtime_error& refusal) {
    return refusal.what();
  }
}
