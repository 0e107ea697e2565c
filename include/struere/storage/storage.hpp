// Where the data is: the interface that a storage implements (docs/storages.md says how to write one).
//
// It speaks of scopes, predicates, masks, order and pages, never of SQL, and knows no policy. The suite in
// tests/conformance/storage_conformance.hpp is part of it: a storage that passes is one.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "struere/core/scope.hpp"
#include "struere/model/api_key.hpp"
#include "struere/model/organization.hpp"
#include "struere/query/cursor.hpp"
#include "struere/storage/transaction.hpp"

namespace struere {

// A membership that is made, changed or removed.
struct MembershipChange {
  OrganizationId organization;
  UserId user;
  std::optional<MembershipRole> role;  // nullopt: removed
  Timestamp at = 0;
};

// Writes what one environment keeps of a change of membership, in the transaction of the change, which it must not
// commit. `before` is the membership as it was; nullopt if there was none.
using MembershipRecorder =
    std::function<void(Transaction& in_scope, Environment environment, const std::optional<Membership>& before)>;

// The records that no scope owns (SPEC 1), and the two look-ups that find one: an API key by its hash, and those with
// work to do. Safe to use from many threads; each call is a transaction of its own.
class SharedTables {
 public:
  virtual ~SharedTables() = default;

  virtual std::optional<Organization> find_organization(const OrganizationId& id) = 0;
  virtual std::vector<Organization> organizations() = 0;
  virtual void insert_organization(const Organization& organization) = 0;  // Error{conflict} where the id is taken
  virtual std::optional<User> find_user(const UserId& id) = 0;
  virtual void insert_user(const User& user) = 0;  // Error{conflict} where the id is taken
  virtual std::optional<Membership> find_membership(const OrganizationId& organization, const UserId& user) = 0;
  virtual std::vector<Membership> memberships(const OrganizationId& organization) = 0;
  // One transaction: changes the membership and calls `record` once in each environment's scope of the organization,
  // development first. False, with nothing called or changed, if the membership is so already.
  virtual bool change_membership(const MembershipChange& change, const MembershipRecorder& record) = 0;

  // Those in which a trigger run is pending and due, or running past its lease.
  virtual std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) = 0;

  virtual std::optional<ApiKey> find_api_key(const EventHash& hash) = 0;
  // Waits for nobody, neither a writer nor the disk; the use may be written later, or be lost with the process.
  virtual void touch_api_key(const EventHash& hash, Timestamp at) noexcept = 0;
};

enum class Access {
  read,
  write,
  brief_write,  // of one row or event: the storage may let several such share one commit
};

// Fields of `data` by which the rows of a type are found without looking at all of them, first field first.
struct FieldKeyReport {
  OrganizationId organization;
  Environment environment;
  std::string entity_type;          // its slug
  std::vector<std::string> fields;  // {"data.team", "data.due"}
  bool is_whole = false;            // otherwise it is still being built, and serves no query yet
};

// How a storage is, apart from what its rows mean.
struct StorageReport {
  std::vector<std::string> faults;    // each says what to do; none: it is sound
  std::vector<std::string> warnings;  // what others may do to it: permissions that are too wide
  // nullopt if the storage keeps no such keys at all.
  std::optional<std::vector<FieldKeyReport>> field_keys;
};

// What a storage holds at one moment, as far as that can be told apart: two that are equal stand for the same data.
using CommitStamp = std::array<std::uint32_t, 12>;

// Safe to use from many threads.
class Storage {
 public:
  virtual ~Storage() = default;

  // Begins a transaction in which only the rows of `scope` exist. Writers wait for one another; readers wait for
  // nobody. Throws Error{storage} where a writer waited longer than the storage's busy timeout.
  virtual std::unique_ptr<Transaction> begin(const Scope& scope, Access access) = 0;

  // Changed by every commit, of this process or another, before that is acknowledged. Takes nanoseconds. Nothing where
  // the storage cannot tell.
  virtual std::optional<CommitStamp> commit_stamp() const noexcept { return std::nullopt; }

  virtual SharedTables& shared() = 0;

  // The secret under which this database's cursors are sealed; the same for everybody who opens it.
  virtual const CursorKey& cursor_key() = 0;

  // Throws Error{storage} if what holds the data was deleted or replaced since it was opened: what is written then is
  // lost. Takes microseconds; each write asks it by itself.
  virtual void require_in_place() {}

  // Reads all there is, while others read and write. Damage is what it reports, and nothing to throw for.
  virtual StorageReport check() = 0;
};

}  // namespace struere
