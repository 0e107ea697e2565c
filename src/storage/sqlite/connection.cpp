#include "storage/sqlite/connection.hpp"

#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

#include "core/fork_count.hpp"
#include "storage/sql/selection_cache.hpp"
#include "storage/sqlite/key_catalog.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::size_t most_kept_statements = 256;

std::string advice(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another writer held the lock for longer than the busy timeout; try again, or raise "
             "SqliteOptions::busy_timeout";
    case SQLITE_FULL: return "the disk is full; free some space and try again";
    case SQLITE_READONLY: return "the file or its folder is read-only; make both writable";
    case SQLITE_PERM:
    case SQLITE_AUTH: return "the file may not be opened; check its permissions";
    case SQLITE_CANTOPEN: return "the file cannot be opened; check that its folder exists and is writable";
    case SQLITE_NOTADB: return "the file is not an SQLite database";
    case SQLITE_CORRUPT:
      return "the file is damaged, or the -wal beside it belongs to another; move the file, its -wal and its -shm "
             "away, and "
             "put a backup in their place";
    case SQLITE_IOERR: return "the disk failed to read or write; check it and the space left on it";
    case SQLITE_INTERRUPT:
      return "it was stopped, or took longer than its timeout; narrow it, or index what it asks for";
    case SQLITE_NOMEM: return "there is not enough memory";
    case SQLITE_TOOBIG: return "a value or a statement is larger than SQLite takes";
    case SQLITE_CONSTRAINT: return "what was written contradicts the rows that are there";
    default: return "SQLite refused";
  }
}

}  // namespace

void throw_storage_error(sqlite3* database, int code, const std::string& what) {
  const char* const file = database ? sqlite3_db_filename(database, "main") : nullptr;
  const Error error(ErrorCode::storage,
                    fmt::format("{}{}{}: {} ({}{})", what, file && *file ? " in " : "", file ? file : "", advice(code),
                                sqlite3_errstr(code), database ? fmt::format(": {}", sqlite3_errmsg(database)) : ""));
  const int kind = code & 0xff;
  const bool may_pass = kind == SQLITE_BUSY || kind == SQLITE_LOCKED || kind == SQLITE_INTERRUPT;
  throw may_pass ? error.transient() : error;
}

Statement::Statement(Connection& connection, sqlite3_stmt* statement, bool* in_use)
    : connection_(&connection), statement_(statement), in_use_(in_use) {
  if (in_use_) *in_use_ = true;
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)), in_use_(other.in_use_) {}

Statement::~Statement() {
  if (!statement_) return;
  if (!in_use_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);  // values that were bound by reference may no longer exist
  *in_use_ = false;
}

void Statement::check(int code, const char* what) const {
  if (code != SQLITE_OK) fail(code, what);
}

void Statement::fail(int code, const char* what) const {
  if ((code & 0xff) == SQLITE_INTERRUPT) connection_->require_time();
  throw_storage_error(connection_->handle(), code, what);
}

std::size_t Statement::parameter_count() const {
  return static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_));
}

Statement& Statement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value), "binding a number");
  return *this;
}

Statement& Statement::bind(int index, double value) {
  check(sqlite3_bind_double(statement_, index, value), "binding a number");
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL.
  check(sqlite3_bind_text64(statement_, index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC,
                            SQLITE_UTF8),
        "binding a text");
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view value) {
  check(sqlite3_bind_blob64(statement_, index, value.data() ? value.data() : "", value.size(), SQLITE_STATIC),
        "binding bytes");
  return *this;
}

Statement& Statement::bind_null(int index) {
  check(sqlite3_bind_null(statement_, index), "binding nothing");
  return *this;
}

Statement& Statement::bind(int index, Pointer value) {
  check(sqlite3_bind_pointer(statement_, index, const_cast<void*>(value.value), value.kind, nullptr),
        "binding a pointer");
  return *this;
}

Statement& Statement::bind(int index, const Parameter& value) {
  struct Binder {
    Statement& statement;
    int index;
    Statement& operator()(std::nullptr_t) { return statement.bind_null(index); }
    Statement& operator()(std::int64_t v) { return statement.bind(index, v); }
    Statement& operator()(double v) { return statement.bind(index, v); }
    Statement& operator()(const std::string& v) { return statement.bind(index, std::string_view(v)); }
    Statement& operator()(const Blob& v) {
      return statement.bind_blob(index, {reinterpret_cast<const char*>(v.data()), v.size()});
    }
    Statement& operator()(Pointer v) { return statement.bind(index, v); }
  };
  return std::visit(Binder{*this, index}, value);
}

Statement& Statement::bind(int index, const std::optional<std::string>& value) {
  return value ? bind(index, std::string_view(*value)) : bind_null(index);
}

Statement& Statement::bind(int index, const std::optional<std::int64_t>& value) {
  return value ? bind(index, *value) : bind_null(index);
}

bool Statement::step() {
  connection_->require_time();
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code, "reading or writing the database");
  return false;
}

bool Statement::run_unless_busy() {
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_DONE && (code & 0xff) != SQLITE_BUSY) fail(code, "reading or writing the database");
  return code == SQLITE_DONE;
}

void Statement::reset() { sqlite3_reset(statement_); }

Statement::Type Statement::type(int column) const {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER: return Type::integer;
    case SQLITE_FLOAT: return Type::real;
    case SQLITE_TEXT: return Type::text;
    case SQLITE_BLOB: return Type::blob;
    default: return Type::null;
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

// By the value, which is looked up once for the bytes and their number. One thread at a time uses a connection, so
// that the value needs no other protection.
std::string_view Statement::text(int column) const {
  sqlite3_value* const value = sqlite3_column_value(statement_, column);
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string_view Statement::blob(int column) const {
  const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

namespace {

// SQLite can be compiled to read a name that begins with `file:` as a URI whatever the flags are.
std::string plain_path(const std::string& path) { return path.starts_with("file:") ? "./" + path : path; }

}  // namespace

std::string immutable_uri(const std::string& path) {
  std::string out = "file:";
  for (const char c : path) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
                          c == '.' || c == '_' || c == '-';
    out += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out + "?immutable=1";
}

struct Connection::Kept {
  std::string sql;
  std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> statement{nullptr, sqlite3_finalize};
  bool in_use = false;
};

Connection::Connection(const std::string& path, int flags) try
    : forks_(fork_count()),
      database_(flags & SQLITE_OPEN_URI ? path : plain_path(path), flags),
      selections_(std::make_unique<SelectionCache>(sqlite_dialect)),
      keys_(std::make_unique<KeyCatalog>()) {
  register_functions(database_);
} catch (const SQLite::Exception& error) {
  throw_storage_error(nullptr, error.getErrorCode(), "opening " + path);
}

Connection::~Connection() {
  if (fork_count() == forks_) return;
  // The connection belongs to the parent process. To close it here would change the parent's locks and log, so the
  // child leaks its memory.
  for (Kept& kept : kept_) (void)kept.statement.release();
  new SQLite::Database(std::move(database_));
}

Statement Connection::prepare(std::string_view sql) {
  const auto found = by_sql_.find(sql);
  const bool is_known = found != by_sql_.end();
  if (is_known && !found->second->in_use) {
    kept_.splice(kept_.begin(), kept_, found->second);
    return {*this, kept_.front().statement.get(), &kept_.front().in_use};
  }
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) throw_storage_error(handle(), code, "preparing a statement");
  if (is_known) return {*this, raw, nullptr};
  Kept fresh;
  fresh.statement.reset(raw);
  fresh.sql = sql;
  make_room();
  kept_.push_front(std::move(fresh));
  try {
    by_sql_.emplace(kept_.front().sql, kept_.begin());
  } catch (...) {
    kept_.pop_front();
    throw;
  }
  return {*this, kept_.front().statement.get(), &kept_.front().in_use};
}

// Drops the least recently used statement that is not in use. If all are in use, the list grows by one.
void Connection::make_room() {
  if (kept_.size() < most_kept_statements) return;
  for (auto last = kept_.end(); last != kept_.begin();)
    if (!(--last)->in_use) {
      by_sql_.erase(last->sql);
      kept_.erase(last);
      return;
    }
}

bool Connection::settle() noexcept {
  const auto is_settled = [this] { return sqlite3_txn_state(handle(), nullptr) == SQLITE_TXN_NONE; };
  if (is_settled()) return true;
  // A read that has not ended keeps its snapshot, inside a transaction or not.
  for (sqlite3_stmt* each = sqlite3_next_stmt(handle(), nullptr); each; each = sqlite3_next_stmt(handle(), each))
    sqlite3_reset(each);
  if (sqlite3_get_autocommit(handle()) == 0) sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  return is_settled();
}

void Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_storage_error(handle(), code, "executing a statement");
}

void Connection::set_interruption(const Interruption* interruption) noexcept {
  interruption_ = interruption;
  watch();
}

void Connection::limit_write(std::optional<std::chrono::milliseconds> longest, bool ends_running) noexcept {
  longest_write_ = longest.value_or(std::chrono::milliseconds(0));
  write_ends_.reset();
  if (longest) write_ends_ = Clock::now() + *longest;
  ends_running_ = longest && ends_running;
  watch();
}

void Connection::watch() noexcept {
  constexpr int instructions = 1000;  // steps of SQLite's virtual machine, about 20 µs
  const auto is_due = [](void* self) {
    const Connection& connection = *static_cast<const Connection*>(self);
    const bool stops = connection.interruption_ && connection.interruption_->is_due();
    return stops || (connection.ends_running_ && connection.is_late()) ? 1 : 0;
  };
  const bool is_watched = interruption_ || ends_running_;
  sqlite3_progress_handler(handle(), is_watched ? instructions : 0, is_watched ? +is_due : nullptr, this);
}

void Connection::throw_late() const {
  throw Error(ErrorCode::invalid_data,
              fmt::format("the write took longer than {} ms while all other writers of the file waited, and nothing of "
                          "it was kept; write less at once, or raise SqliteOptions::longest_write",
                          longest_write_.count()));
}

std::int64_t Connection::changes() noexcept { return sqlite3_changes64(handle()); }

std::int64_t Connection::last_inserted_row() noexcept { return sqlite3_last_insert_rowid(handle()); }

}  // namespace struere
