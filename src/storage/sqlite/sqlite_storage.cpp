#include "struere/storage/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <utility>

#include "core/bounded_cache.hpp"
#include "core/deadline.hpp"
#include "core/fork_count.hpp"
#include "core/mutex.hpp"
#include "core/portable_file.hpp"
#include "core/scope_hash.hpp"
#include "storage/sql/event_reader.hpp"
#include "storage/sqlite/checkpoints.hpp"
#include "storage/sqlite/commit_watch.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/connection_pool.hpp"
#include "storage/sqlite/database_file.hpp"
#include "storage/sqlite/file_check.hpp"
#include "storage/sqlite/key_builder.hpp"
#include "storage/sqlite/last_uses.hpp"
#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr int oldest_sqlite = 3'038'000;  // has the operator `->`, which files of earlier versions use
constexpr std::size_t most_idle_connections = 16;
constexpr std::size_t most_scope_numbers = 4096;
constexpr std::uintmax_t smallest_page = 512;  // SQLite treats a smaller file as empty and would overwrite it

// Returns 0 if the file does not exist.
std::uintmax_t size_of_file(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path_of(path), none);
  return none ? 0 : size;
}

// One write in several scopes.
class SqliteJointTransaction final : public JointTransaction {
 public:
  explicit SqliteJointTransaction(WriteTurn writer) : writer_(std::move(writer)) {}

  Connection& connection() noexcept { return writer_.connection(); }
  void add(std::int64_t scope, const std::string& organization) {
    parts_.push_back(std::make_unique<SqliteTransaction>(connection(), scope, organization));
  }

  Transaction& part(std::size_t position) override { return *parts_.at(position); }
  void commit() override {
    for (const auto& part : parts_) part->before_commit();
    writer_.commit(true);
  }

 private:
  WriteTurn writer_;
  std::vector<std::unique_ptr<SqliteTransaction>> parts_;
};

class SqliteStorage final : public Storage {
 public:
  SqliteStorage(const std::string& path, const SqliteOptions& options) : file_(path), options_(options) {
    for (std::chrono::milliseconds* const time : {&options_.busy_timeout, &options_.longest_write})
      *time = std::chrono::milliseconds(as_int_milliseconds(*time));
    if (sqlite3_libversion_number() < oldest_sqlite)
      throw Error(ErrorCode::storage,
                  fmt::format("SQLite {} is too old; struere needs 3.38 or newer", sqlite3_libversion()));
    const std::uintmax_t size = size_of_file(file_.path());
    if (options_.must_exist && size == 0 && identity_of_file(file_.path()) != FileIdentity())
      throw Error(ErrorCode::storage,
                  fmt::format("{} is an empty file of 0 bytes, as a copy leaves that ran out of disk, and no database; "
                              "put a backup in its place, or remove it to begin anew",
                              file_.path()));
    if (size > 0 && size < smallest_page) throw_storage_error(nullptr, SQLITE_NOTADB, "opening " + path);
    if (options_.read_only) {
      open_to_read();
      return;
    }
    // The log of another program that is running or died contains data of its file. If opening fails, closing the
    // file must not merge it.
    const bool log_is_pending = has_log(file_.path());
    if (!options_.must_exist) file_.make();
    auto connection = open_file(options_.must_exist ? 0 : SQLITE_OPEN_CREATE);
    if (log_is_pending) sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection->execute("BEGIN");  // one snapshot: another process may be creating the file now
    const FileKind kind = recognise(*connection);
    connection->execute("COMMIT");
    if (kind == FileKind::empty && options_.must_exist)
      throw Error(ErrorCode::storage,
                  fmt::format("{} is an SQLite database without tables; put a backup in its place, or remove it to "
                              "begin anew",
                              file_.path()));
    if (kind == FileKind::empty) connection->execute("PRAGMA journal_mode = WAL");
    if (kind != FileKind::current) create_or_migrate_schema(*connection);
    check_schema(*connection);
    if (log_is_pending) sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    require_writable(*connection);
    read_cursor_key(*connection);
    commits_.emplace(open_file(0));
    file_.take_identity();
    queue_.open(file_.real_path());
    builder_.resume(*connection);
    pool_.give_back(std::move(connection));
  }

  ~SqliteStorage() override {
    try {
      if (!uses_.is_empty() && fork_count() == forks_) write_uses();
    } catch (const std::exception&) {  // for example, the file is gone; only last uses are lost
    }
  }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    if (is_write(access)) {
      WriteTurn turn = writer(access, owner_of(scope));
      const bool fills = access == Access::fill;
      const std::int64_t number =
          fills ? unopened_scope_number(turn.connection(), scope) : scope_number(turn.connection(), scope);
      return std::make_unique<SqliteTransaction>(
          std::move(turn), number, scope.organization().str(), [this, number] { builder_.run(number); }, fills);
    }
    auto connection = reader();
    const std::int64_t number = scope_number(*connection, scope);
    return std::make_unique<SqliteTransaction>(std::move(connection), number, scope.organization().str());
  }

  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    auto out = std::make_unique<SqliteJointTransaction>(
        writer(Access::write, scopes.empty() ? no_owner : owner_of(scopes.front())));
    for (const Scope& scope : scopes) out->add(scope_number(out->connection(), scope), scope.organization().str());
    return out;
  }

  std::unique_ptr<RecordTransaction> begin_database(Access access) override {
    if (!is_write(access)) return std::make_unique<SqliteDatabaseTransaction>(reader());
    return std::make_unique<SqliteDatabaseTransaction>(writer(access));
  }

  std::optional<CommitStamp> commit_stamp() const noexcept override {
    return commits_ && fork_count() == forks_ ? commits_->stamp() : std::nullopt;
  }
  const Digest& cursor_key() override { return cursor_key_; }
  std::optional<CommitCounts> commit_counts() override { return writers_.counts(); }
  StorageReport check() override {
    StorageReport out = check_file(*reader());
    out.warnings = file_.exposures();
    return out;
  }
  void require_in_place() override { file_.require_in_place(); }

 private:
  // --- read-only files

  void open_to_read() {
    if (size_of_file(file_.path()) == 0)
      throw Error(ErrorCode::storage,
                  fmt::format("{} does not exist or is empty; there is nothing to read", file_.path()));
    std::unique_ptr<Connection> connection;
    try {
      connection = open_file(0);
      connection->prepare("SELECT 1 FROM sqlite_schema LIMIT 1").step();
    } catch (const Error&) {
      // SQLite reads a file in WAL mode with an index of its log, which cannot be created here. Without a log no index
      // is needed.
      if (has_log(file_.path())) throw;
      is_immutable_ = true;
      connection = open_file(0);
    }
    if (recognise(*connection) != FileKind::current)
      throw Error(ErrorCode::storage,
                  fmt::format("{} is of an older format and cannot be read as it is; open it once for writing, or a "
                              "copy of it",
                              file_.path()));
    check_schema(*connection);
    read_cursor_key(*connection);
    if (!is_immutable_) commits_.emplace(open_file(0));
    file_.take_identity();
    pool_.give_back(std::move(connection));
  }

  void require_writes() const {
    if (options_.read_only)
      throw Error(ErrorCode::storage,
                  fmt::format("{} is open for reading only, and nothing was written; make the file and its folder "
                              "writable, and open it for writing",
                              file_.path()));
  }

  // --- connections

  std::unique_ptr<Connection> open_file(int create) {
    const int access = options_.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    auto connection = is_immutable_
                          ? std::make_unique<Connection>(immutable_uri(file_.path()),
                                                         SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI)
                          : std::make_unique<Connection>(file_.path(), access | SQLITE_OPEN_NOMUTEX | create);
    sqlite3_busy_timeout(connection->handle(), static_cast<int>(options_.busy_timeout.count()));
    sqlite3_extended_result_codes(connection->handle(), 1);
    // The schema is trusted, because files of earlier versions index fields by `->`, which SQLite does not count among
    // the harmless functions. check_schema() rejects triggers and views, and struere's functions cannot be called from
    // a schema.
    connection->execute(fmt::format(
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = ON; PRAGMA temp_store = MEMORY; "
        "PRAGMA synchronous = {}; PRAGMA cache_size = -{}; PRAGMA mmap_size = {}",
        options_.durability == Durability::full ? "FULL" : "NORMAL",
        std::max<std::int64_t>(options_.cache_bytes / 1024, 64), std::max<std::int64_t>(options_.mmap_bytes, 0)));
    checkpoints_.take_over(*connection);
    return connection;
  }

  std::unique_ptr<Connection> open_another() {
    auto out = open_file(0);
    file_.require_in_place();  // it must be the file that was opened
    return out;
  }

  // After fork() the storage belongs to the parent: SQLite's locks and its memory of them are not shared with the
  // child.
  void require_own_process() const {
    if (fork_count() != forks_)
      throw Error(ErrorCode::storage, fmt::format("{} was opened before this process was forked; open it again in the "
                                                  "child, and use no object of the parent",
                                                  file_.path()));
  }

  // An owner that writes for too long rests while other organizations write.
  static WriteOwner owner_of(const Scope& scope) { return std::hash<OrganizationId>()(scope.organization()); }

  WriteTurn writer(Access access, WriteOwner owner = no_owner) {
    require_own_process();
    require_writes();
    const WriteLength length = access == Access::brief_write ? WriteLength::brief : WriteLength::any;
    WriteTurn turn = writers_.begin(options_.busy_timeout, length, owner);
    file_.require_in_place();
    // A copy is the host's, and shows nothing before it is whole.
    if (options_.longest_write.count() > 0 && access != Access::fill) turn.limit(options_.longest_write);
    return turn;
  }

  ConnectionLease reader() {
    require_own_process();
    file_.require_in_place_lately();
    return pool_.lease();
  }

  void require_writable(Connection& connection) {
    if (sqlite3_db_readonly(connection.handle(), "main") == 1)
      throw_storage_error(nullptr, SQLITE_READONLY, "opening " + file_.path());
  }

  void read_cursor_key(Connection& connection) {
    Statement statement = connection.prepare("SELECT value FROM meta WHERE name = 'cursor_key'");
    if (!statement.step() || statement.blob(0).size() != cursor_key_.size())
      throw Error(ErrorCode::storage, "the file lacks its cursor key; restore a backup");
    const std::string_view bytes = statement.blob(0);
    std::copy(bytes.begin(), bytes.end(), cursor_key_.begin());
  }

  // --- scopes

  std::int64_t scope_number(Connection& connection, const Scope& scope) {
    {
      const MutexLock lock(mutex_);
      if (const auto* const known = scopes_.find(scope)) return *known;
    }
    const std::int64_t number = find_scope_number(
        connection, scope,
        "SELECT s.id FROM scopes s JOIN organizations o ON o.id = s.organization_id WHERE s.organization_id = ?1 AND "
        "s.environment = ?2 AND o.unfinished_copy IS NULL");
    const MutexLock lock(mutex_);
    return scopes_.put(scope, number);  // a scope keeps its number for good, and is open for good
  }
  static std::int64_t unopened_scope_number(Connection& connection, const Scope& scope) {
    return find_scope_number(
        connection, scope,
        "SELECT s.id FROM scopes s JOIN organizations o ON o.id = s.organization_id WHERE s.organization_id = ?1 AND "
        "s.environment = ?2 AND o.unfinished_copy IS NOT NULL");
  }
  static std::int64_t find_scope_number(Connection& connection, const Scope& scope, const char* sql) {
    Statement statement = connection.prepare(sql);
    statement.bind(1, std::string_view(scope.organization().str())).bind(2, to_string(scope.environment()));
    if (!statement.step())
      throw Error(ErrorCode::not_found,
                  "there is no such organization; create it with TrustedHost::create_organization");
    return statement.integer(0);
  }

  // --- reads without a scope

  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    const auto connection = reader();
    Statement statement = connection->prepare(
        "SELECT organization_id, environment FROM due_scopes d JOIN scopes s ON s.id = d.scope_id JOIN organizations o "
        "ON o.id = s.organization_id WHERE d.due_at <= ?1 AND o.unfinished_copy IS NULL ORDER BY d.due_at, d.scope_id");
    statement.bind(1, now);
    std::vector<std::pair<OrganizationId, Environment>> out;
    while (statement.step())
      if (const auto environment = parse_environment(statement.text(1)))
        out.emplace_back(OrganizationId(statement.string(0)), *environment);
    return out;
  }

  std::optional<FoundApiKey> find_api_key(const Digest& hash) override {
    static const std::string sql = RecordSql::find_in_all_scopes(sqlite_record_words, RecordTable::api_keys, "hash");
    const auto connection = reader();
    Statement statement = connection->prepare(sql);
    statement.bind_blob(1, bytes_of(hash));
    if (!statement.step()) return std::nullopt;
    const std::size_t columns = shape_of(RecordTable::api_keys).columns.size();
    const int scope = static_cast<int>(columns);
    const auto environment = parse_environment(statement.text(scope + 1));
    if (!environment)
      throw Error(ErrorCode::storage, "a scope of the file has an unknown environment; restore a backup");
    return FoundApiKey{OrganizationId(statement.string(scope)), *environment,
                       static_cast<std::uint64_t>(statement.integer(scope + 2)),
                       read_record_values(statement, columns)};
  }

  bool is_read_only() const noexcept override { return options_.read_only; }

  void touch_api_key(const Digest& hash, Timestamp at) noexcept override {
    if (options_.read_only) return;
    try {
      require_own_process();
      uses_.note(hash, at);
      if (!writers_.is_busy() && uses_.may_try()) write_uses();
    } catch (const std::exception&) {
    }
  }

  // Uses a separate connection that does not sync its commits. This is rare: a use of a key is recorded at most once a
  // minute.
  void write_uses() {
    file_.require_in_place();
    const std::unique_lock lock(uses_mutex_, std::try_to_lock);
    if (!lock) return;
    if (!uses_connection_) {
      uses_connection_ = open_another();
      uses_connection_->execute("PRAGMA synchronous = NORMAL");
      sqlite3_wal_hook(uses_connection_->handle(), nullptr, nullptr);  // writers run the checkpoints
    }
    uses_.try_write(*uses_connection_);
  }

  DatabaseFile file_;
  SqliteOptions options_;
  std::uint64_t forks_ = fork_count();  // the fork count when it was opened
  bool is_immutable_ = false;           // read without a log
  Digest cursor_key_{};
  Checkpoints checkpoints_{options_.busy_timeout};
  std::optional<CommitWatch> commits_;  // set once, while the file is opened
  ConnectionPool pool_{[this] { return open_another(); }, most_idle_connections};
  Mutex mutex_;
  BoundedCache<Scope, std::int64_t, ScopeHash> scopes_ STRUERE_GUARDED_BY(mutex_){most_scope_numbers};
  WriteQueue queue_;
  LastUses uses_;
  std::mutex uses_mutex_;  // guards uses_connection_
  std::unique_ptr<Connection> uses_connection_;
  GroupCommit writers_{[this] { return pool_.lease(); }, file_.path(), &queue_, std::chrono::milliseconds(10),
                       [this](Connection& connection) {
                         file_.require_in_place();  // it may have gone while the write was made
                         if (!uses_.is_empty()) uses_.write(connection);
                       }};
  KeyBuilder builder_{writers_, options_.busy_timeout};
};

}  // namespace

std::unique_ptr<Storage> open_sqlite_storage(const std::string& path, const SqliteOptions& options) {
  try {
    return std::make_unique<SqliteStorage>(path, options);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (error.code() != ErrorCode::storage || message.find(path) != std::string::npos) throw;
    throw Error(ErrorCode::storage, path + ": " + message);
  }
}

}  // namespace struere
