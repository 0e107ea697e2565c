// Records: rows of every table except entities, relations and events, such as roles, threads and API keys.
//
// A storage carries all of these tables with one piece of code: a table is a name, columns and keys, and a record is
// one value for each column. What the columns mean is for the layers above to say.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

enum class RecordTable {
  organizations,
  users,
  memberships,
  operator_sessions,
  entity_types,
  unique_keys,
  roles,
  policies,
  scope_rules,
  field_masks,
  role_assignments,
  api_keys,
  agents,
  tool_permissions,
  agent_configs,
  threads,
  messages,
  executions,
  triggers,
  trigger_runs,
  installed_packs,
  pack_definitions,
  releases,
  former_names,
  trigger_cascades,
  retention,
  kept_answers,
  log_disorder,
};

// Whose the rows of a table are (SPEC 1).
enum class RecordOwner {
  scope,         // of one organization and environment
  organization,  // shared by both environments of an organization
  database,      // of no organization
};

struct RecordShape {
  RecordTable table;
  std::string_view name;
  RecordOwner owner;
  bool configuration;  // a change of it counts the scope's generation up
  bool names_shared;   // a row names one of a shared table: SQL storages keep the organization beside it
  std::span<const std::string_view> columns;
  std::span<const std::string_view> key;     // no two rows of an owner have the same values here
  std::span<const std::string_view> unique;  // likewise, except that rows with a null here never conflict; may be empty
};

const RecordShape& shape_of(RecordTable table);
std::span<const RecordShape> record_shapes();

// A value that is no text: the hash of an API key.
struct RecordBytes {
  std::string bytes;

  friend auto operator<=>(const RecordBytes&, const RecordBytes&) = default;
};

using RecordValue = std::variant<std::monostate, std::int64_t, std::string, RecordBytes>;
using Record = std::vector<RecordValue>;  // a value for each column, in the order of the shape

struct RecordCondition {
  enum class Comparison { equal, less, less_or_equal, greater, greater_or_equal };

  std::string_view column;
  Comparison comparison = Comparison::equal;  // null equals null, and is neither less nor greater than anything
  RecordValue value;
};

struct RecordSelection {
  RecordTable table;
  std::vector<RecordCondition> where = {};             // all must hold
  std::vector<std::string_view> order = {};            // columns, none of them null; otherwise in no order
  bool descending = false;                             // all of them
  std::optional<std::vector<RecordValue>> after = {};  // only what comes later in that order
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  // No record is added once the texts of those before it reach this many bytes.
  std::size_t most_bytes = static_cast<std::size_t>(-1);
  std::int64_t skip = 0;  // how many records are left out that would come first
};

// How many records there are of each group, and what their columns add up to.
struct RecordRollup {
  RecordTable table;
  std::vector<RecordCondition> where = {};
  std::vector<std::string_view> group_by = {};  // groups come in the order of these
  std::vector<std::string_view> sums = {};
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();  // the first so many groups, of one at least
};

struct RecordGroup {
  std::vector<RecordValue> key;  // beside group_by
  std::int64_t count = 0;
  std::vector<std::int64_t> sums;
};

using RecordChanges = std::vector<std::pair<std::string_view, RecordValue>>;

// Throws std::logic_error unless a transaction of a scope (`in_scope`) or of the database may use the table. What is
// written is never RecordTable::unique_keys (Transaction::set_unique_keys).
void require_access(const RecordShape& shape, bool in_scope, bool writes);

// The place of a column in a record. Throws std::logic_error for a name that is none: columns are never a caller's.
std::size_t column_of(const RecordShape& shape, std::string_view column);

// The bytes of its texts and of what is no text.
std::size_t size_of(const Record& record);

// What a storage without an index does: the definition of the above.
bool matches(const RecordShape& shape, const Record& record, std::span<const RecordCondition> where);

}  // namespace spi
}  // namespace struere
