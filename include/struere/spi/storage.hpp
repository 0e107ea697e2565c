// Where the data is: the interface that a storage implements (docs/storages.md says how to write one).
//
// It speaks of scopes, predicates, masks, order and pages, never of SQL, and knows no policy. The suite behind
// struere/conformance.hpp is part of it: a storage that passes is one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/scope.hpp"
#include "struere/model/database_activity.hpp"
#include "struere/model/event.hpp"
#include "struere/model/storage_report.hpp"
#include "struere/query/cursor.hpp"
#include "struere/spi/transaction.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

enum class Access {
  read,
  write,
  brief_write,  // of one row or event: the storage may let several such share one commit
  fill,         // a write into an organization that is not open yet, and into no other
};

constexpr bool is_write(Access access) noexcept { return access != Access::read; }

// What a storage holds at one moment, as far as that can be told apart: two that are equal stand for the same data.
using CommitStamp = std::array<std::uint32_t, 12>;

// Transactions in several scopes that are one: all of it is committed, or nothing.
class JointTransaction {
 public:
  virtual ~JointTransaction() = default;

  // In the scope of this position in what begin_joint() was given. Its own commit() throws std::logic_error.
  virtual Transaction& part(std::size_t position) = 0;
  virtual void commit() = 0;
};

// An API key as it is stored, and the scope that it leads to; all of one snapshot.
struct FoundApiKey {
  OrganizationId organization;
  Environment environment = Environment::development;
  std::uint64_t generation = 0;  // of the scope
  Record record;                 // of RecordTable::api_keys

  friend bool operator==(const FoundApiKey&, const FoundApiKey&) = default;
};

// What a write is known to look for first, so that a storage may read it along with what begins the write: hints, which
// change no answer.
struct FirstLookups {
  std::string_view entity = {};  // the id of an entity; empty if it is not known
  // An entity that is inserted, whose unique keys are looked for: its type, and its data; null if there is none.
  EntityTypeKey type = 0;
  const Json* data = nullptr;

  bool empty() const noexcept { return entity.empty() && !data; }
};

// Safe to use from many threads. Where nothing of a transaction was kept and all of it may well succeed at once, such
// as after a deadlock, it throws Error{storage}.retryable(): the library runs the operation again.
class Storage {
 public:
  virtual ~Storage() = default;

  // Begins a transaction in which only the rows of `scope` exist. Writers wait for one another; readers wait for
  // nobody. Throws Error{storage} if a writer waited longer than the storage's busy timeout, and Error{not_found} if
  // the organization does not exist. An organization whose record has an `unfinished_copy` is not open: it exists only
  // for Access::fill, which throws Error{not_found} for every other one.
  virtual std::unique_ptr<Transaction> begin(const Scope& scope, Access access) = 0;
  virtual std::unique_ptr<Transaction> begin_at(const Scope& scope, Access access, const FirstLookups& /*first*/) {
    return begin(scope, access);
  }
  // A write in each of these scopes, which belong to one organization.
  virtual std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) = 0;
  // On the tables that no organization owns (RecordOwner::database): organizations and users. An organization's two
  // scopes exist as soon as its record does. Its records are never removed, and updated only in `unfinished_copy`.
  virtual std::unique_ptr<RecordTransaction> begin_database(Access access) = 0;

  // --- what is known before a scope is, of organizations that are open. Each is a transaction of its own.
  virtual std::optional<FoundApiKey> find_api_key(const Digest& hash) = 0;
  // Waits for nobody, neither a writer nor the disk; the use may be written later, or be lost with the process.
  virtual void touch_api_key(const Digest& hash, Timestamp at) noexcept = 0;
  // The scopes in which a trigger run is pending and due, or running past its lease.
  virtual std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) = 0;

  // Changed by every commit, of this process or another, before that is acknowledged. Takes nanoseconds. nullopt if
  // the storage cannot tell.
  virtual std::optional<CommitStamp> commit_stamp() const noexcept { return std::nullopt; }

  // The secret under which this database's cursors are sealed; the same for everybody who opens it.
  virtual const Digest& cursor_key() = 0;

  // Throws Error{storage} if what holds the data was deleted or replaced since it was opened: what is written then is
  // lost. Takes microseconds, unless is_remote(); each write asks it by itself.
  virtual void require_in_place() {}

  // Whether each operation waits for another process or machine, which may not answer.
  virtual bool is_remote() const noexcept { return false; }

  // Whether it was opened for reading only: each begin() of a write throws Error{storage}.
  virtual bool is_read_only() const noexcept { return false; }

  // Since it was opened, by this object. nullopt if the storage does not count.
  virtual std::optional<CommitCounts> commit_counts() { return std::nullopt; }

  // Reads all there is, while others read and write. Damage is what it reports, and nothing to throw for.
  virtual StorageReport check() { return {}; }
};

}  // namespace spi
}  // namespace struere
