#include "struere/query/record.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace struere {
namespace {

using Columns = std::string_view[];

constexpr Columns agents{"id", "slug", "name", "description", "created_at", "updated_at"};
constexpr Columns tool_permissions{"agent_id",        "tool",          "identity",  "role",
                                   "allowed_actions", "denied_fields", "updated_at"};
constexpr Columns agent_configs{"agent_id", "version", "system_prompt", "model",     "tools",
                                "roles",    "status",  "created_by",    "created_at"};
constexpr Columns threads{"id",         "external_id",   "agent_id",   "title",     "metadata", "started_by_type",
                          "started_by", "message_count", "created_at", "updated_at"};
constexpr Columns messages{"id",         "thread_id",    "sequence",    "role",      "content",
                           "tool_calls", "tool_call_id", "attachments", "created_at"};
constexpr Columns executions{"id",         "agent_id",   "config_version", "thread_id",     "model",
                             "status",     "error",      "input_tokens",   "output_tokens", "duration_ms",
                             "tool_calls", "actor_type", "actor_id",       "day",           "created_at"};
constexpr Columns triggers{"id", "slug", "entity_type", "definition", "created_at", "updated_at"};
constexpr Columns trigger_runs{"id",     "trigger_slug", "definition", "entity_id",  "input",
                               "status", "due_at",       "attempts",   "steps",      "error",
                               "depth",  "worker",       "created_at", "finished_at"};
constexpr Columns installed_packs{"pack_id",      "version",      "overrides", "history",
                                  "installed_by", "installed_at", "updated_at"};

constexpr Columns pack_definitions{"pack_id", "definitions"};

constexpr Columns releases{"number",   "definitions",     "changes",    "note",
                           "restores", "created_by_type", "created_by", "created_at"};

constexpr Columns former_names{"entity_type", "position", "former", "present", "created_at"};

constexpr Columns trigger_cascades{"origin", "runs", "created_at"};

constexpr Columns retention{"kind", "days", "updated_at"};

constexpr Columns by_id{"id"};
constexpr Columns by_slug{"slug"};
constexpr Columns by_agent_and_tool{"agent_id", "tool"};
constexpr Columns by_agent_and_version{"agent_id", "version"};
constexpr Columns by_starter_and_external_id{"started_by_type", "started_by", "external_id"};
constexpr Columns by_thread_and_sequence{"thread_id", "sequence"};
constexpr Columns by_pack{"pack_id"};
constexpr Columns by_number{"number"};
constexpr Columns by_origin{"origin"};
constexpr Columns by_type_and_position{"entity_type", "position"};
constexpr Columns by_kind{"kind"};

// In the order of RecordTable.
constexpr std::array shapes{
    RecordShape{RecordTable::agents, "agents", true, false, false, agents, by_id, by_slug},
    RecordShape{
        RecordTable::tool_permissions, "tool_permissions", true, false, false, tool_permissions, by_agent_and_tool, {}},
    RecordShape{
        RecordTable::agent_configs, "agent_configs", false, false, true, agent_configs, by_agent_and_version, {}},
    RecordShape{RecordTable::threads, "threads", false, false, true, threads, by_id, by_starter_and_external_id},
    RecordShape{RecordTable::messages, "messages", false, false, false, messages, by_thread_and_sequence, by_id},
    RecordShape{RecordTable::executions, "executions", false, false, true, executions, by_id, {}},
    RecordShape{RecordTable::triggers, "triggers", false, true, false, triggers, by_id, by_slug},
    RecordShape{RecordTable::trigger_runs, "trigger_runs", false, false, false, trigger_runs, by_id, {}},
    RecordShape{RecordTable::installed_packs, "installed_packs", false, false, false, installed_packs, by_pack, {}},
    RecordShape{RecordTable::pack_definitions, "pack_definitions", false, false, false, pack_definitions, by_pack, {}},
    RecordShape{RecordTable::releases, "releases", false, false, false, releases, by_number, {}},
    RecordShape{RecordTable::former_names, "former_names", false, true, false, former_names, by_type_and_position, {}},
    RecordShape{
        RecordTable::trigger_cascades, "trigger_cascades", false, false, false, trigger_cascades, by_origin, {}},
    RecordShape{RecordTable::retention, "retention", false, false, false, retention, by_kind, {}},
};

bool holds(const RecordCondition& condition, const RecordValue& value) {
  using enum RecordCondition::Comparison;
  if (condition.comparison == equal) return value == condition.value;
  if (value.index() != condition.value.index() || value.index() == 0) return false;
  switch (condition.comparison) {
    case less: return value < condition.value;
    case less_or_equal: return value <= condition.value;
    case greater: return value > condition.value;
    default: return value >= condition.value;
  }
}

}  // namespace

const RecordShape& shape_of(RecordTable table) { return shapes.at(static_cast<std::size_t>(table)); }

std::span<const RecordShape> record_shapes() { return shapes; }

std::size_t column_of(const RecordShape& shape, std::string_view column) {
  const auto found = std::ranges::find(shape.columns, column);
  if (found == shape.columns.end()) throw std::logic_error("no such column: " + std::string(column));
  return static_cast<std::size_t>(found - shape.columns.begin());
}

std::size_t size_of(const Record& record) {
  std::size_t size = 0;
  for (const RecordValue& value : record)
    if (const auto* const text = std::get_if<std::string>(&value)) size += text->size();
  return size;
}

bool matches(const RecordShape& shape, const Record& record, std::span<const RecordCondition> where) {
  return std::ranges::all_of(where, [&](const RecordCondition& condition) {
    return holds(condition, record.at(column_of(shape, condition.column)));
  });
}

}  // namespace struere
