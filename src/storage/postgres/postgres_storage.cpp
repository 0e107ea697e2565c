#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/bounded_cache.hpp"
#include "core/deadline.hpp"
#include "core/fork_count.hpp"
#include "core/mutex.hpp"
#include "core/scope_hash.hpp"
#include "storage/postgres/key_builder.hpp"
#include "storage/postgres/last_uses.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/schema_check.hpp"
#include "storage/postgres/storage_check.hpp"
#include "storage/retry.hpp"
#include "storage/sql/event_reader.hpp"
#include "struere/core/error.hpp"
#include "struere/spi/backend.hpp"
#include "struere/storage/postgres.hpp"

namespace struere::postgres {
namespace {

constexpr std::size_t most_scopes_known = 4096, most_keys_known = 4096;

Target target_of(const std::string& url, const PostgresOptions& options) {
  Target out = Target::parse(url);
  out.probe_after = options.probe_after;
  return out;
}

// The server's lock_timeout has 32 bits.
PostgresOptions within_reason(PostgresOptions options) {
  for (std::chrono::milliseconds* const time : {&options.busy_timeout, &options.probe_after})
    *time = std::chrono::milliseconds(as_int_milliseconds(*time));
  return options;
}

// Writes in several scopes that are one write.
class PostgresJointTransaction final : public JointTransaction {
 public:
  explicit PostgresJointTransaction(std::shared_ptr<Work> work) : work_(std::move(work)) {}

  void put(std::size_t position, std::unique_ptr<PostgresTransaction> part) {
    parts_.resize(std::max(parts_.size(), position + 1));
    parts_[position] = std::move(part);
  }

  Transaction& part(std::size_t position) override { return *parts_.at(position); }
  void commit() override {
    for (const auto& part : parts_) part->before_commit();
    work_->commit();
    for (const auto& part : parts_) part->after_commit();
  }

 private:
  std::shared_ptr<Work> work_;
  std::vector<std::unique_ptr<PostgresTransaction>> parts_;
};

class PostgresStorage final : public Storage {
 public:
  PostgresStorage(const std::string& url, const PostgresOptions& options)
      : options_(within_reason(options)),
        pool_(target_of(url, options_), std::max<std::size_t>(options.most_connections, 2), options_.busy_timeout) {
    retried([&] {
      check_and_read();
      if (!options.read_only) builder_.resume();
    });
  }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override { return begin_at(scope, access, {}); }
  std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& first) override {
    const std::uint64_t starts = pool_.starts();
    const std::int64_t number = access == Access::fill ? unopened_scope_number(scope) : scope_number(scope);
    auto work = begin_work(is_write(access) ? Work::Kind::write : Work::Kind::read, starts);
    auto out = std::make_unique<PostgresTransaction>(
        std::move(work), number, scope.organization().str(), known_keys_, false,
        [this, number] { builder_.run(number); }, first);
    if (access == Access::fill) out->require_unopened();
    return out;
  }

  // The locks are taken in the order of the scopes' numbers, so that no two wait for each other.
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    const std::uint64_t starts = pool_.starts();
    std::vector<std::pair<std::int64_t, std::size_t>> numbers;
    for (std::size_t i = 0; i < scopes.size(); ++i) numbers.emplace_back(scope_number(scopes[i]), i);
    std::ranges::sort(numbers);
    const auto work = begin_work(Work::Kind::write, starts);
    auto out = std::make_unique<PostgresJointTransaction>(work);
    for (const auto& [number, position] : numbers)
      out->put(position,
               std::make_unique<PostgresTransaction>(work, number, scopes[position].organization().str(), known_keys_,
                                                     true, [this, number = number] { builder_.run(number); }));
    return out;
  }

  std::unique_ptr<RecordTransaction> begin_database(Access access) override {
    return std::make_unique<PostgresDatabaseTransaction>(
        begin_work(is_write(access) ? Work::Kind::write : Work::Kind::read));
  }

  std::optional<FoundApiKey> find_api_key(const Digest& hash) override {
    return retried([&] { return find_key(hash); });
  }

  std::optional<FoundApiKey> find_key(const Digest& hash) {
    const std::uint64_t starts = pool_.starts();
    const auto leads_to = scope_of_key(hash);
    if (!leads_to) return std::nullopt;
    const RecordOwnerValues owner{leads_to->number, leads_to->organization};
    const auto work = begin_work(Work::Kind::read, starts);
    work->end_with_next();
    auto found = Records(*work, owner)
                     .find_with_generation({.table = RecordTable::api_keys,
                                            .where = {{"hash", {}, RecordBytes{std::string(bytes_of(hash))}}},
                                            .limit = 1});
    if (!found) return std::nullopt;
    return FoundApiKey{OrganizationId(leads_to->organization), leads_to->environment, work->generation().value(),
                       *std::move(found)};
  }

  void touch_api_key(const Digest& hash, Timestamp at) noexcept override {
    if (options_.read_only || fork_count() != forks_) return;
    try {
      uses_.note(hash, at);
    } catch (const std::exception&) {
    }
  }

  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    const Result due = retried([&] {
      return begin_work(Work::Kind::read)
          ->anywhere()
          .run(
              "SELECT s.organization_id, s.environment FROM struere.due_scopes d JOIN struere.scopes s ON s.id = "
              "d.scope_id JOIN struere.organizations o ON o.id = s.organization_id WHERE d.due_at <= $1 AND "
              "o.unfinished_copy IS NULL ORDER BY d.due_at, d.scope_id",
              Parameters().add(now));
    });
    std::vector<std::pair<OrganizationId, Environment>> out;
    for (int row = 0; row < due.rows(); ++row)
      out.emplace_back(OrganizationId(std::string(due.bytes(row, 0))), environment_of(due.bytes(row, 1)));
    return out;
  }

  const Digest& cursor_key() override { return cursor_key_; }
  bool is_remote() const noexcept override { return true; }
  bool is_read_only() const noexcept override { return options_.read_only; }
  void require_in_place() override {
    retried([&] {
      const Lease lease = pool_.lease();
      pool_.require_same(lease->ask_identity());
    });
  }
  StorageReport check() override {
    return check_storage([this] { return begin_work(Work::Kind::read); });
  }

 private:
  struct KeyScope {
    std::int64_t number;
    std::string organization;
    Environment environment;
  };
  struct HashOfHash {
    std::size_t operator()(const Digest& hash) const noexcept { return std::hash<std::string_view>()(bytes_of(hash)); }
  };

  static Environment environment_of(std::string_view text) {
    const auto environment = parse_environment(text);
    if (!environment)
      throw Error(ErrorCode::storage, "a scope of the database has an unknown environment; restore a backup");
    return *environment;
  }

  // For a scope whose number was known after so many starts of the server.
  std::shared_ptr<Work> begin_work(Work::Kind kind, std::uint64_t starts) {
    auto work = begin_work(kind);
    pool_.require_same(starts);
    return work;
  }
  std::shared_ptr<Work> begin_work(Work::Kind kind) {
    if (fork_count() != forks_)
      throw Error(ErrorCode::storage,
                  "the database was opened before this process was forked; open it again in the "
                  "child, and use no object of the parent");
    if (kind == Work::Kind::write && options_.read_only)
      throw Error(ErrorCode::storage,
                  "the database is open for reading only, and nothing was written; open it for writing");
    return std::make_shared<Work>(pool_.lease(), kind, options_.busy_timeout);
  }

  void check_and_read() {
    const Lease lease = pool_.lease();
    const Layout layout = check_database(*lease);
    require_utf8(*lease);
    read_cursor_key(*lease);
    if (layout == Layout::citus) pool_.set_citus(lease);
  }
  void read_cursor_key(Connection& connection) {
    const Result row = connection.run("SELECT value FROM struere.meta WHERE name = 'cursor_key'");
    if (row.rows() != 1 || row.bytes(0, 0).size() != cursor_key_.size())
      throw Error(ErrorCode::storage, "the database lacks its cursor key; restore a backup");
    std::ranges::copy(row.bytes(0, 0), cursor_key_.begin());
  }

  // What was known before the server was started anew.
  void forget_old_scopes() STRUERE_REQUIRES(mutex_) {
    const std::uint64_t starts = pool_.starts();
    if (std::exchange(known_since_, starts) == starts) return;
    scopes_.clear();
    keys_.clear();
  }

  std::int64_t scope_number(const Scope& scope) {
    std::uint64_t starts = 0;
    {
      const MutexLock lock(mutex_);
      forget_old_scopes();
      starts = known_since_;
      if (const auto* const known = scopes_.find(scope)) return *known;
    }
    const std::int64_t number = find_scope_number(
        scope,
        "SELECT s.id FROM struere.scopes s JOIN struere.organizations o ON o.id = s.organization_id WHERE "
        "s.organization_id = $1 AND s.environment = $2 AND o.unfinished_copy IS NULL");
    const MutexLock lock(mutex_);
    forget_old_scopes();
    // A scope keeps its number for good, and is open for good.
    return known_since_ == starts ? scopes_.put(scope, number) : number;
  }
  std::int64_t unopened_scope_number(const Scope& scope) {
    return find_scope_number(
        scope,
        "SELECT s.id FROM struere.scopes s JOIN struere.organizations o ON o.id = s.organization_id WHERE "
        "s.organization_id = $1 AND s.environment = $2 AND o.unfinished_copy IS NOT NULL");
  }
  std::int64_t find_scope_number(const Scope& scope, const char* sql) {
    if (!is_storable(scope.organization().str())) throw_no_organization();
    const auto work = begin_work(Work::Kind::read);
    const Result row = work->anywhere().run(
        sql, Parameters().add_text(scope.organization().str()).add_text(to_string(scope.environment())));
    if (row.rows() == 0) throw_no_organization();
    return row.integer(0, 0);
  }

  [[noreturn]] static void throw_no_organization() {
    throw Error(ErrorCode::not_found, "there is no such organization; create it with TrustedHost::create_organization");
  }

  // A hash leads to one scope as long as it leads anywhere: what it leads to is then looked for there.
  std::optional<KeyScope> scope_of_key(const Digest& hash) {
    std::uint64_t starts = 0;
    {
      const MutexLock lock(mutex_);
      forget_old_scopes();
      starts = known_since_;
      if (const auto* const known = keys_.find(hash)) return *known;
    }
    const auto work = begin_work(Work::Kind::read);
    const Result row = work->anywhere().run(
        "SELECT s.id, s.organization_id, s.environment FROM struere.api_key_scopes k JOIN struere.scopes s ON s.id = "
        "k.scope_id JOIN struere.organizations o ON o.id = s.organization_id WHERE k.hash = $1 AND o.unfinished_copy "
        "IS "
        "NULL",
        Parameters().add_bytes(bytes_of(hash)));
    if (row.rows() == 0) return std::nullopt;
    KeyScope found{row.integer(0, 0), std::string(row.bytes(0, 1)), environment_of(row.bytes(0, 2))};
    const MutexLock lock(mutex_);
    forget_old_scopes();
    return known_since_ == starts ? keys_.put(hash, std::move(found)) : found;
  }

  // What a writer of the key holds locked is passed over, and noted again with its next use.
  void write_uses(const LastUses::Uses& uses) {
    for (const auto& [hash, at] : uses) {
      const std::uint64_t starts = pool_.starts();
      const auto leads_to = scope_of_key(hash);
      if (!leads_to) continue;
      const auto work = begin_work(Work::Kind::write, starts);
      work->anywhere().queue("SET LOCAL synchronous_commit = off");
      work->in(leads_to->number)
          .queue(
              "UPDATE struere.api_keys SET last_used_at = $3 WHERE scope_id = $1 AND id = (SELECT id FROM "
              "struere.api_keys WHERE scope_id = $1 AND hash = $2 FOR UPDATE SKIP LOCKED)",
              Parameters().add(leads_to->number).add_bytes(bytes_of(hash)).add(at));
      work->commit();
    }
  }

  PostgresOptions options_;
  std::uint64_t forks_ = fork_count();  // when it was opened
  ConnectionPool pool_;
  Digest cursor_key_{};
  TypeKeyCache known_keys_;
  Mutex mutex_;
  std::uint64_t known_since_ STRUERE_GUARDED_BY(mutex_) = 0;  // starts of the server
  BoundedCache<Scope, std::int64_t, ScopeHash> scopes_ STRUERE_GUARDED_BY(mutex_){most_scopes_known};
  BoundedCache<Digest, KeyScope, HashOfHash> keys_ STRUERE_GUARDED_BY(mutex_){most_keys_known};
  LastUses uses_{[this](const LastUses::Uses& uses) { write_uses(uses); }};
  KeyBuilder builder_{[this](Work::Kind kind) { return begin_work(kind); }};
};

std::unique_ptr<Storage> open_by_url(const std::string& url, const BackendOptions& options) {
  return open_postgres_storage(url, {.busy_timeout = options.busy_timeout, .read_only = options.read_only});
}

}  // namespace
}  // namespace struere::postgres

namespace struere {

std::unique_ptr<Storage> open_postgres_storage(const std::string& url, const PostgresOptions& options) {
  return std::make_unique<postgres::PostgresStorage>(url, options);
}

}  // namespace struere

const int struere_postgres_backend = [] {
  struere::register_backend("postgresql", struere::postgres::open_by_url);
  struere::register_backend("postgres", struere::postgres::open_by_url);
  return 1;
}();
