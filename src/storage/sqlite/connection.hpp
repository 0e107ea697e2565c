// One connection to the file, the statements that it keeps, and the functions that queries call.
//
// SQLiteCpp opens, configures and closes the connection. The statements are struere's own, so that a row costs no more
// than its bytes: they are prepared once and kept, bind values without copies, and can pass a pointer to a function.
#pragma once

#include <SQLiteCpp/Database.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/parameter.hpp"
#include "struere/query/selection.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace STRUERE_COMPANION_API struere {

// Throws Error{storage} with a message that says what to do. `what` names the attempted operation.
[[noreturn]] void throw_storage_error(sqlite3* database, int code, const std::string& what);

class Connection;
class KeyCatalog;
class SelectionCache;

// A prepared statement in use, and its current row. The destructor resets it. Texts are bound by reference: they must
// outlive the execution.
class Statement final : public ResultRow, public ParameterSink {
 public:
  // If `in_use` is null, this object owns the statement and finalizes it.
  Statement(Connection& connection, sqlite3_stmt* statement, bool* in_use);
  ~Statement() override;
  Statement(Statement&& other) noexcept;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement& operator=(Statement&&) = delete;

  std::size_t parameter_count() const override;
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, double value);
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, std::string&& value) = delete;  // the reference would dangle
  Statement& bind_blob(int index, std::string_view value);
  Statement& bind_null(int index);
  Statement& bind(int index, Pointer value);
  Statement& bind(int index, const Parameter& value);
  Statement& bind(int index, const std::optional<std::string>& value);
  Statement& bind(int index, const std::optional<std::int64_t>& value);

  bool step();  // returns whether there is a row
  void run() { step(); }
  bool run_unless_busy();  // false if another process holds the lock for longer than the connection's busy timeout
  void reset();            // prepares the next execution; the bound values stay

  Type type(int column) const override;
  std::int64_t integer(int column) const override;
  std::string_view text(int column) const override;
  std::string_view blob(int column) const override;

  void put(int number, std::int64_t value) override { bind(number, value); }
  void put_text(int number, std::string_view value) override { bind(number, value); }
  void put_bytes(int number, std::string_view value) override { bind_blob(number, value); }
  void put(int number, const Parameter& value) override { bind(number, value); }

 private:
  void check(int code, const char* what) const;
  [[noreturn]] void fail(int code, const char* what) const;

  Connection* connection_;
  sqlite3_stmt* statement_;
  bool* in_use_;
};

// The file as a URI that tells SQLite that no process changes it. Such a file is read without a log and its index.
std::string immutable_uri(const std::string& path);

class Connection {
 public:
  // `path` is never interpreted as a URI.
  Connection(const std::string& path, int flags);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Returns a kept statement with this text, or prepares and keeps one. If the kept one is in use, prepares a second
  // one for this use only.
  Statement prepare(std::string_view sql);
  // Runs one or more statements without keeping them.
  void execute(const std::string& sql);

  SQLite::Database& database() noexcept { return database_; }
  sqlite3* handle() noexcept { return database_.getHandle(); }
  // While a query has one, its statements fail when it is due; null ends that.
  void set_interruption(const Interruption* interruption) noexcept;
  // A write that has taken longer than `longest` from here on has no further statement, with Error{invalid_data}. With
  // `ends_running`, one that runs fails as well, and SQLite undoes the transaction. nullopt ends that.
  void limit_write(std::optional<std::chrono::milliseconds> longest, bool ends_running = false) noexcept;
  void require_time() const {
    if (is_late()) throw_late();
  }

  std::int64_t changes() noexcept;
  std::int64_t last_inserted_row() noexcept;  // its rowid

  // Ends every open transaction and read. Returns false if that failed: the connection must then be closed.
  bool settle() noexcept;

  // The compiled selections of this connection.
  SelectionCache& selections() noexcept { return *selections_; }
  // The field keys that this connection has read.
  KeyCatalog& keys() noexcept { return *keys_; }

 private:
  struct Kept;
  using Order = std::list<Kept>;
  using Clock = std::chrono::steady_clock;

  bool is_late() const noexcept { return write_ends_ && Clock::now() >= *write_ends_; }
  [[noreturn]] void throw_late() const;
  void watch() noexcept;

  void make_room();

  std::uint64_t forks_;  // the fork count when it was opened
  SQLite::Database database_;
  Order kept_;                                                    // most recently used first; no two of the same text
  std::unordered_map<std::string_view, Order::iterator> by_sql_;  // each key is the text of the entry it leads to
  std::unique_ptr<SelectionCache> selections_;
  std::unique_ptr<KeyCatalog> keys_;
  const Interruption* interruption_ = nullptr;
  std::chrono::milliseconds longest_write_{};
  std::optional<Clock::time_point> write_ends_;
  bool ends_running_ = false;
};

// While an object of this class lives, data that the connection deletes or replaces is overwritten with zeros in the
// file. The pragma takes effect when it is prepared, so a kept statement would not work.
class SecureDelete {
 public:
  explicit SecureDelete(Connection& connection) : connection_(connection) {
    connection.execute("PRAGMA secure_delete = ON");
  }
  ~SecureDelete() {
    try {
      connection_.execute("PRAGMA secure_delete = OFF");
    } catch (const std::exception&) {  // the option stays on, which only costs time
    }
  }
  SecureDelete(const SecureDelete&) = delete;
  SecureDelete& operator=(const SecureDelete&) = delete;

 private:
  Connection& connection_;
};

// Registers `struere_view`, `struere_at`, `struere_key` and the other functions of functions.cpp.
void register_functions(SQLite::Database& database);

}  // namespace struere
