// Records: rows of the tables that are no entities, such as threads and trigger runs, as a storage is asked for them.
//
// A storage carries all of these tables with one piece of code: a table is a name, columns and keys, and a record is
// one value for each column. What the columns mean is for the repositories to say.
#pragma once

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

namespace struere {

enum class RecordTable {
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
};

struct RecordShape {
  RecordTable table;
  std::string_view name;
  bool shared;         // by both environments of an organization, rather than of one scope (SPEC 1)
  bool configuration;  // a change of it counts the scope's generation up
  bool names_shared;   // a row names one of a shared table: SQL storages keep the organization beside it
  std::span<const std::string_view> columns;
  std::span<const std::string_view> key;     // unique within the scope, or within the organization
  std::span<const std::string_view> unique;  // likewise, but that of nulls there may be many; empty where there is none
};

const RecordShape& shape_of(RecordTable table);
std::span<const RecordShape> record_shapes();

using RecordValue = std::variant<std::monostate, std::int64_t, std::string>;
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
};

// How many records there are of each group, and what their columns add up to.
struct RecordRollup {
  RecordTable table;
  std::vector<RecordCondition> where = {};
  std::vector<std::string_view> group_by = {};  // groups come in the order of these
  std::vector<std::string_view> sums = {};
};

struct RecordGroup {
  std::vector<RecordValue> key;  // beside group_by
  std::int64_t count = 0;
  std::vector<std::int64_t> sums;
};

using RecordChanges = std::vector<std::pair<std::string_view, RecordValue>>;

// The place of a column in a record. Throws std::logic_error for a name that is none: columns are never a caller's.
std::size_t column_of(const RecordShape& shape, std::string_view column);

// The bytes of its texts.
std::size_t size_of(const Record& record);

// What a storage without an index does: the definition of the above.
bool matches(const RecordShape& shape, const Record& record, std::span<const RecordCondition> where);

}  // namespace struere
