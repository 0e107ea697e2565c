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
#include "core/scope_hash.hpp"
#include "storage/sqlite/checkpoints.hpp"
#include "storage/sqlite/commit_watch.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/connection_pool.hpp"
#include "storage/sqlite/database_file.hpp"
#include "storage/sqlite/file_check.hpp"
#include "storage/sqlite/key_builder.hpp"
#include "storage/sqlite/last_uses.hpp"
#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/stored_api_key.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr int oldest_sqlite = 3'038'000;  // the operator `->`
constexpr std::size_t most_idle_connections = 16;
constexpr std::size_t most_scope_numbers = 4096;
constexpr std::uintmax_t smallest_page =
    512;  // SQLite takes a file that is smaller for an empty one, and would write over it

// 0 where there is none.
std::uintmax_t size_of_file(const std::string& path) {
  std::error_code none;
  const std::uintmax_t size = std::filesystem::file_size(path, none);
  return none ? 0 : size;
}

class SqliteStorage final : public Storage, private SharedTables {
 public:
  SqliteStorage(const std::string& path, const SqliteOptions& options) : file_(path), options_(options) {
    options_.busy_timeout = std::chrono::milliseconds(as_int_milliseconds(options.busy_timeout));
    if (sqlite3_libversion_number() < oldest_sqlite)
      throw Error(ErrorCode::storage,
                  fmt::format("SQLite {} is too old; struere needs 3.38 or newer", sqlite3_libversion()));
    const std::uintmax_t size = size_of_file(file_.path());
    if (size > 0 && size < smallest_page) throw_storage_error(nullptr, SQLITE_NOTADB, "opening " + path);
    // The log of another program that is at work, or died, is part of its data: it is not merged by our closing the
    // file.
    const bool log_is_pending = size_of_file(file_.path() + "-wal") > 0;
    if (!options_.must_exist) file_.make();
    auto connection = open_file(options_.must_exist ? 0 : SQLITE_OPEN_CREATE);
    if (log_is_pending) sqlite3_db_config(connection->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    connection->execute("BEGIN");  // one look at the file: another process may be making it just now
    const FileKind kind = recognise(*connection);
    connection->execute("COMMIT");
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
    } catch (const std::exception&) {  // the file is gone, say: they are only last uses
    }
  }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    require_own_process();
    if (access != Access::read) {
      const WriteLength length = access == Access::brief_write ? WriteLength::brief : WriteLength::any;
      WriteTurn turn = writers_.begin(options_.busy_timeout, length, std::hash<OrganizationId>()(scope.organization()));
      file_.require_in_place();
      const std::int64_t number = scope_number(turn.connection(), scope);
      return std::make_unique<SqliteTransaction>(std::move(turn), number, scope.organization().str(),
                                                 [this, number] { builder_.run(number); });
    }
    file_.require_in_place_lately();
    auto connection = pool_.lease();
    const std::int64_t number = scope_number(*connection, scope);
    return std::make_unique<SqliteTransaction>(std::move(connection), number, scope.organization().str());
  }

  std::optional<CommitStamp> commit_stamp() const noexcept override {
    return fork_count() == forks_ ? commits_->stamp() : std::nullopt;
  }
  SharedTables& shared() override { return *this; }
  const CursorKey& cursor_key() override { return cursor_key_; }
  StorageReport check() override {
    StorageReport out = check_file(*reader());
    out.warnings = file_.exposures();
    return out;
  }
  void require_in_place() override { file_.require_in_place(); }

 private:
  // --- connections

  std::unique_ptr<Connection> open_file(int create) {
    auto connection = std::make_unique<Connection>(file_.path(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create);
    sqlite3_busy_timeout(connection->handle(), static_cast<int>(options_.busy_timeout.count()));
    sqlite3_extended_result_codes(connection->handle(), 1);
    // The schema is trusted, because SQLite does not count `->`, by which fields are indexed, among the harmless
    // functions. check_schema() lets no trigger or view in, and our own functions cannot be called from a schema.
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
    file_.require_in_place();  // it is the same file that was opened
    return out;
  }

  // Another process's, after fork(): SQLite's locks and its memory of them are not shared with it.
  void require_own_process() const {
    if (fork_count() != forks_)
      throw Error(ErrorCode::storage,
                  fmt::format("{} was opened before this process was forked off; open it anew in the "
                              "child, and use nothing that the parent made",
                              file_.path()));
  }

  // For one statement, without a transaction.
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
      const std::lock_guard lock(mutex_);
      if (const auto* const known = scopes_.find(scope)) return *known;
    }
    Statement statement = connection.prepare("SELECT id FROM scopes WHERE organization_id = ?1 AND environment = ?2");
    statement.bind(1, std::string_view(scope.organization().str())).bind(2, to_string(scope.environment()));
    if (!statement.step())
      throw Error(ErrorCode::not_found,
                  "there is no such organization; create it with TrustedHost::create_organization");
    const std::int64_t number = statement.integer(0);
    const std::lock_guard lock(mutex_);
    return scopes_.put(scope, number);  // a scope keeps its number for good
  }

  // --- the shared tables

  template <class Write>
  auto write(Write&& body) {
    require_own_process();
    WriteTurn turn = writers_.begin(options_.busy_timeout, WriteLength::brief);
    file_.require_in_place();
    const auto result = body(turn.connection());
    turn.commit(true);  // no other writer may know of an organization that could yet be undone
    return result;
  }

  static void require_change(Connection& connection) {
    if (connection.changes() == 0) throw Error(ErrorCode::conflict, "this id is taken; choose another");
  }

  std::optional<Organization> find_organization(const OrganizationId& id) override {
    const auto connection = reader();
    Statement statement = connection->prepare("SELECT name, created_at FROM organizations WHERE id = ?1");
    statement.bind(1, std::string_view(id.str()));
    return statement.step() ? std::optional(Organization{id, statement.string(0), statement.integer(1)}) : std::nullopt;
  }

  std::vector<Organization> organizations() override {
    const auto connection = reader();
    Statement statement = connection->prepare("SELECT id, name, created_at FROM organizations ORDER BY id");
    std::vector<Organization> out;
    while (statement.step())
      out.push_back({OrganizationId(statement.string(0)), statement.string(1), statement.integer(2)});
    return out;
  }

  void insert_organization(const Organization& organization) override {
    write([&](Connection& connection) {
      Statement insert = connection.prepare(
          "INSERT INTO organizations(id, name, created_at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING");
      insert.bind(1, std::string_view(organization.id.str()))
          .bind(2, std::string_view(organization.name))
          .bind(3, organization.created_at)
          .run();
      require_change(connection);
      Statement scopes = connection.prepare(
          "INSERT INTO scopes(organization_id, environment) VALUES(?1, 'development'), (?1, 'production')");
      scopes.bind(1, std::string_view(organization.id.str())).run();
      return true;
    });
  }

  std::optional<User> find_user(const UserId& id) override {
    const auto connection = reader();
    Statement statement = connection->prepare("SELECT name, created_at FROM users WHERE id = ?1");
    statement.bind(1, std::string_view(id.str()));
    return statement.step() ? std::optional(User{id, statement.string(0), statement.integer(1)}) : std::nullopt;
  }

  void insert_user(const User& user) override {
    write([&](Connection& connection) {
      Statement insert =
          connection.prepare("INSERT INTO users(id, name, created_at) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING");
      insert.bind(1, std::string_view(user.id.str()))
          .bind(2, std::string_view(user.name))
          .bind(3, user.created_at)
          .run();
      require_change(connection);
      return true;
    });
  }

  static Membership read_membership(const Statement& statement) {
    return {OrganizationId(statement.string(0)), UserId(statement.string(1)),
            statement.text(2) == "admin" ? MembershipRole::admin : MembershipRole::member, statement.integer(3)};
  }

  static std::optional<Membership> read_membership(Connection& connection, const OrganizationId& organization,
                                                   const UserId& user) {
    Statement statement = connection.prepare(
        "SELECT organization_id, user_id, role, created_at FROM memberships WHERE organization_id = ?1 AND user_id = "
        "?2");
    statement.bind(1, std::string_view(organization.str())).bind(2, std::string_view(user.str()));
    return statement.step() ? std::optional(read_membership(statement)) : std::nullopt;
  }

  std::optional<Membership> find_membership(const OrganizationId& organization, const UserId& user) override {
    return read_membership(*reader(), organization, user);
  }

  std::vector<Membership> memberships(const OrganizationId& organization) override {
    const auto connection = reader();
    Statement statement = connection->prepare(
        "SELECT organization_id, user_id, role, created_at FROM memberships WHERE organization_id = ?1 ORDER BY "
        "user_id");
    statement.bind(1, std::string_view(organization.str()));
    std::vector<Membership> out;
    while (statement.step()) out.push_back(read_membership(statement));
    return out;
  }

  static void write_membership(Connection& connection, const MembershipChange& change) {
    if (change.role) {
      Statement insert = connection.prepare(
          "INSERT INTO memberships(organization_id, user_id, role, created_at) VALUES(?1, ?2, ?3, ?4) "
          "ON CONFLICT(organization_id, user_id) DO UPDATE SET role = ?3");
      insert.bind(1, std::string_view(change.organization.str())).bind(2, std::string_view(change.user.str()));
      insert.bind(3, to_string(*change.role)).bind(4, change.at).run();
    } else {
      Statement remove = connection.prepare("DELETE FROM memberships WHERE organization_id = ?1 AND user_id = ?2");
      remove.bind(1, std::string_view(change.organization.str())).bind(2, std::string_view(change.user.str())).run();
    }
  }

  bool change_membership(const MembershipChange& change, const MembershipRecorder& record) override {
    return write([&](Connection& connection) {
      const auto before = read_membership(connection, change.organization, change.user);
      if (before ? change.role == before->role : !change.role) return false;
      write_membership(connection, change);
      for (const Environment environment : {Environment::development, Environment::production}) {
        Statement scope = connection.prepare("SELECT id FROM scopes WHERE organization_id = ?1 AND environment = ?2");
        scope.bind(1, std::string_view(change.organization.str())).bind(2, to_string(environment));
        if (!scope.step()) continue;  // an organization that is none has no member either
        SqliteTransaction part(connection, scope.integer(0), change.organization.str());
        record(part, environment, before);
      }
      return true;
    });
  }

  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    const auto connection = reader();
    Statement statement = connection->prepare(
        "SELECT organization_id, environment FROM due_scopes d JOIN scopes s ON s.id = d.scope_id WHERE d.due_at <= ?1 "
        "ORDER BY d.due_at, d.scope_id");
    statement.bind(1, now);
    std::vector<std::pair<OrganizationId, Environment>> out;
    while (statement.step())
      if (const auto environment = parse_environment(statement.text(1)))
        out.emplace_back(OrganizationId(statement.string(0)), *environment);
    return out;
  }

  static std::string_view bytes_of(const EventHash& hash) {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
  }

  std::optional<ApiKey> find_api_key(const EventHash& hash) override {
    const auto connection = reader();
    Statement statement = connection->prepare(fmt::format("{}WHERE k.hash = ?1", select_api_key));
    statement.bind_blob(1, bytes_of(hash));
    return statement.step() ? std::optional(read_api_key(statement)) : std::nullopt;
  }

  void touch_api_key(const EventHash& hash, Timestamp at) noexcept override {
    try {
      require_own_process();
      uses_.note(hash, at);
      if (!writers_.is_busy() && uses_.may_try()) write_uses();
    } catch (const std::exception&) {
    }
  }

  // By a connection of its own, which syncs no commit; opened seldom, as a use is noted once a minute a key.
  void write_uses() {
    file_.require_in_place();
    const std::unique_lock lock(uses_mutex_, std::try_to_lock);
    if (!lock) return;
    if (!uses_connection_) {
      uses_connection_ = open_another();
      uses_connection_->execute("PRAGMA synchronous = NORMAL");
      sqlite3_wal_hook(uses_connection_->handle(), nullptr, nullptr);  // writers checkpoint
    }
    uses_.try_write(*uses_connection_);
  }

  DatabaseFile file_;
  SqliteOptions options_;
  std::uint64_t forks_ = fork_count();  // when it was opened
  CursorKey cursor_key_{};
  Checkpoints checkpoints_{options_.busy_timeout};
  std::optional<CommitWatch> commits_;  // set once, while it is opened
  ConnectionPool pool_{[this] { return open_another(); }, most_idle_connections};
  std::mutex mutex_;  // guards scopes_
  BoundedCache<Scope, std::int64_t, ScopeHash> scopes_{most_scope_numbers};
  WriteQueue queue_;
  LastUses uses_;
  std::mutex uses_mutex_;  // guards uses_connection_
  std::unique_ptr<Connection> uses_connection_;
  GroupCommit writers_{[this] { return pool_.lease(); }, file_.path(), &queue_, std::chrono::milliseconds(10),
                       [this](Connection& connection) {
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
