// The file behind a database, opened with plain sqlite3: what an operator, another program or an attacker can do to it.
#pragma once

#include <sqlite3.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace struere::test {

class RawDatabase {
 public:
  using Row = std::vector<std::string>;

  explicit RawDatabase(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) != SQLITE_OK) {
      const std::string message = sqlite3_errmsg(handle_);
      sqlite3_close(handle_);
      throw std::runtime_error(message);
    }
    sqlite3_busy_timeout(handle_, 5000);
    run("PRAGMA foreign_keys = ON");
  }
  ~RawDatabase() { sqlite3_close(handle_); }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;

  // What SQLite says, empty where it did as it was told.
  std::string refusal(const std::string& sql) {
    char* message = nullptr;
    if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &message) == SQLITE_OK) return {};
    std::string out = message ? message : "refused";
    sqlite3_free(message);
    return out;
  }

  void run(const std::string& sql) {
    if (const std::string message = refusal(sql); !message.empty()) throw std::runtime_error(message + " in: " + sql);
  }

  // Binds `bytes` to ?1, as a text.
  void run_with_text(const std::string& sql, const std::string& bytes) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error(sqlite3_errmsg(handle_));
    sqlite3_bind_text64(statement, 1, bytes.data(), bytes.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    const int code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    if (code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle_));
  }

  // NULL reads as the text "NULL", bytes as they are.
  std::vector<Row> rows(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      throw std::runtime_error(std::string(sqlite3_errmsg(handle_)) + " in: " + sql);
    std::vector<Row> out;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      Row row;
      for (int column = 0; column < sqlite3_column_count(statement); ++column) {
        const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
          row.emplace_back("NULL");
        else
          row.emplace_back(bytes ? bytes : "", bytes ? size : 0);
      }
      out.push_back(std::move(row));
    }
    sqlite3_finalize(statement);
    return out;
  }

  std::string value(const std::string& sql) {
    const auto found = rows(sql);
    return found.empty() || found[0].empty() ? std::string() : found[0][0];
  }

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace struere::test
