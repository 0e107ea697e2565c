// What is wrong with a database, or will be soon.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/repository/database.hpp"

namespace STRUERE_API struere {

enum class Severity {
  note,     // good to know
  warning,  // works, but hardly as meant
  error,    // broken
};

std::string_view to_string(Severity severity) noexcept;

struct Finding {
  // Which check found it, and so what `subject` is.
  enum class Check {
    storage,             // damage, rows that refer to none, an SQLite without FTS5; no subject, no organization
    chain,               // an audit log that does not verify
    time_ahead,          // the newest event is from the future, and each write until then gets its time
    key_expired,         // a key that is good for nothing and was not revoked: its id, as of all keys
    key_expires_soon,    //
    key_unused,          // never used
    key_grants_nothing,  // no role of its scope
    key_ended,           // its maker has left, was revoked or expired, and the key with it (SPEC 2)
    role_broken,         // a stored rule or mask that cannot be read: the role
    role_grants_nothing,
    masked_field_shown,  // stored, named by no schema any more, and masked before: the role
    unknown_type,        // a policy, rule or mask of a type that the scope does not have: the role
    schema_refused,      // a stored schema that this version cannot enforce, so that nothing is written: the type
    unknown_role,        // a type bound to a role that the scope does not have: the type
    reserved_slug,       // a type whose slug is a reserved word (SPEC 3), from before it was one: the type
    rule_without_index,  // the rule looks at all entities of its type: the role
    index_missing,       // of rules or a schema that could have a key, or whose key is still being built: the type
    row_invalid,         // rows that their type's schema refuses (DoctorOptions::rows): the type
    row_damaged,         // rows whose stored data cannot be read (DoctorOptions::rows): the type
    unique_key_masked,   // of values that a role masks, which can be guessed: the type
    run_overdue,         // trigger runs that no worker does: the trigger of the first
    run_abandoned,       // that a worker began and does not finish
    run_waiting,         // for a worker that has their tools
    run_dead,            // that failed as often as they may
  };

  Severity severity;
  Check check;
  std::optional<OrganizationId> organization;
  std::optional<Environment> environment;
  std::string subject;
  std::string message;
};

std::string_view to_string(Finding::Check check) noexcept;  // "key_expired"

struct DoctorOptions {
  std::optional<OrganizationId> organization = {};                // this one alone, and the file; otherwise all of them
  std::chrono::milliseconds soon = std::chrono::days(14);         // for keys that expire
  std::chrono::milliseconds long_unused = std::chrono::days(30);  // for keys that were never used
  std::chrono::milliseconds overdue = std::chrono::minutes(10);   // for trigger runs
  std::int64_t many_entities = 1000;                              // from which on a rule without an index is a warning
  bool rows = false;  // compares each row with the schema of its type, page by page
  const Clock* clock = nullptr;
  // What TrustedHost::check_storage() found earlier. If null, the storage is checked now, which reads all of it.
  const StorageReport* storage = nullptr;
};

// Looks at everything and changes nothing; others may go on. Gravest first. Throws Error{not_found} where there is no
// such organization, Error{storage} where a scope cannot be read at all.
std::vector<Finding> examine(const Database& database, const DoctorOptions& options = {});

}  // namespace struere
