// Moves an organization, or all of them, from one database to another, such as from a file to PostgreSQL or back.
//
// The organization arrives as it is: entities, deleted ones too, versions, times, relations, definitions, the audit log
// with its hashes, keys (as hashes), runs, retention. Cursors are not valid in the other database. The source stays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"
#include "struere/repository/database.hpp"

namespace STRUERE_API struere {

struct CopyProgress {
  enum class Step { copy, verify };

  Step step = Step::copy;
  OrganizationId organization;
  Environment environment = Environment::development;
  std::string table;       // "entities", "events", "roles", …
  std::int64_t done = 0;   // rows of it
  std::int64_t total = 0;  // 0: not counted
};

struct CopyOptions {
  std::optional<OrganizationId> organization = {};  // only this one; otherwise all
  std::int64_t batch_rows = 500;                    // of each transaction in the target
  // Takes a user of the target for the same person as a user of the source with the same id, although their names or
  // times differ. Their id decides what they may do in the organization that arrives.
  bool join_users = false;
  // Otherwise a user arrives with their id as name and with the time at which they became a member of `organization`:
  // all that the organization itself knows, and the same whether or not others had the user before. For a copy that is
  // given to the organization. Needs `organization`.
  bool keep_names = true;
  // Empties an unfinished copy that was made from another state of the source, and begins anew.
  bool restart = false;
  // An exception ends the copy, which a later call continues. It may use neither database.
  std::function<void(const CopyProgress& progress)> progress = {};
};

struct CopyReport {
  std::int64_t organizations = 0;
  std::int64_t users = 0;     // made in the target
  std::int64_t records = 0;   // of all other tables
  std::int64_t entities = 0;  // deleted ones too
  std::int64_t relations = 0;
  std::int64_t events = 0;  // verified
  bool resumed = false;
};

// Copies in transactions of a batch each, then compares every row and verifies every audit log in the target, and only
// then opens what it copied, at once. Until then the organizations do not exist there for anybody, and their keys are
// not valid. A call after an interrupted one continues it.
//
// Stop the programs that write to the organization first: the copy shows one moment of each environment, and is not
// opened if the source was written to meanwhile. Throws
//   Error{not_found}     the source does not have the organization
//   Error{conflict}      the target has it already, or an unfinished copy of another state of it (`restart`); the
//   source
//                        was written to meanwhile; a user exists in the target as another person (`join_users`)
//   Error{invalid_data}  `batch_rows` is not from 1 to 10,000, or `keep_names` is false without `organization`
//   Error{storage}       a row or a log of the copy does not agree; the organization stays closed
CopyReport copy_database(const Database& from, const Database& to, const CopyOptions& options = {});

}  // namespace struere
