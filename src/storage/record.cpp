#include "struere/spi/record.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace struere {
inline namespace spi {
namespace {

using Columns = std::string_view[];

constexpr Columns organizations{"id", "name", "created_at", "unfinished_copy"};
constexpr Columns users{"id", "name", "created_at"};
constexpr Columns memberships{"user_id", "role", "created_at"};
constexpr Columns operator_sessions{"id",           "hash",       "kind",    "user_id", "created_at",
                                    "last_seen_at", "expires_at", "idle_ms", "ended_at"};
constexpr Columns entity_types{"type_key",      "slug",          "name",          "schema",
                               "search_fields", "bound_to_role", "user_id_field", "created_at"};
constexpr Columns unique_keys{"type_key", "key_no", "position", "paths"};
constexpr Columns roles{"id", "name", "created_at"};
constexpr Columns policies{"role_id", "position", "resource", "action", "effect"};
constexpr Columns scope_rules{"role_id", "position", "entity_type", "rule"};
constexpr Columns field_masks{"role_id", "position", "entity_type", "kind", "definition"};
constexpr Columns role_assignments{"user_id", "role_id", "expires_at", "granted_by", "created_at"};
constexpr Columns api_keys{"id",         "hash",       "name",       "display_prefix", "roles",           "kind",
                           "created_at", "expires_at", "revoked_at", "last_used_at",   "created_by_type", "created_by"};
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

constexpr Columns kept_answers{"number", "key_hash", "fingerprint", "created_at", "bytes_so_far", "answer"};

constexpr Columns log_disorder{"through"};

constexpr Columns by_id{"id"};
constexpr Columns by_slug{"slug"};
constexpr Columns by_name{"name"};
constexpr Columns by_user{"user_id"};
constexpr Columns by_type{"type_key"};
constexpr Columns by_type_and_number{"type_key", "key_no"};
constexpr Columns by_role_and_position{"role_id", "position"};
constexpr Columns by_user_and_role{"user_id", "role_id"};
constexpr Columns by_hash{"hash"};
constexpr Columns by_agent_and_tool{"agent_id", "tool"};
constexpr Columns by_agent_and_version{"agent_id", "version"};
constexpr Columns by_starter_and_external_id{"started_by_type", "started_by", "external_id"};
constexpr Columns by_thread_and_sequence{"thread_id", "sequence"};
constexpr Columns by_pack{"pack_id"};
constexpr Columns by_number{"number"};
constexpr Columns by_origin{"origin"};
constexpr Columns by_type_and_position{"entity_type", "position"};
constexpr Columns by_kind{"kind"};
constexpr Columns by_key_hash{"key_hash"};
constexpr Columns by_through{"through"};

using Owner = RecordOwner;

// In the order of RecordTable.
constexpr std::array shapes{
    RecordShape{RecordTable::organizations, "organizations", Owner::database, false, false, organizations, by_id, {}},
    RecordShape{RecordTable::users, "users", Owner::database, false, false, users, by_id, {}},
    RecordShape{RecordTable::memberships, "memberships", Owner::organization, false, false, memberships, by_user, {}},
    RecordShape{RecordTable::operator_sessions, "operator_sessions", Owner::organization, false, false,
                operator_sessions, by_id, by_hash},
    RecordShape{RecordTable::entity_types, "entity_types", Owner::scope, true, false, entity_types, by_type, by_slug},
    RecordShape{
        RecordTable::unique_keys, "unique_keys", Owner::scope, true, false, unique_keys, by_type_and_number, {}},
    RecordShape{RecordTable::roles, "roles", Owner::scope, true, false, roles, by_id, by_name},
    RecordShape{RecordTable::policies, "policies", Owner::scope, true, false, policies, by_role_and_position, {}},
    RecordShape{
        RecordTable::scope_rules, "scope_rules", Owner::scope, true, false, scope_rules, by_role_and_position, {}},
    RecordShape{
        RecordTable::field_masks, "field_masks", Owner::scope, true, false, field_masks, by_role_and_position, {}},
    RecordShape{RecordTable::role_assignments,
                "role_assignments",
                Owner::scope,
                false,
                false,
                role_assignments,
                by_user_and_role,
                {}},
    RecordShape{RecordTable::api_keys, "api_keys", Owner::scope, false, false, api_keys, by_id, by_hash},
    RecordShape{RecordTable::agents, "agents", Owner::organization, false, false, agents, by_id, by_slug},
    RecordShape{RecordTable::tool_permissions,
                "tool_permissions",
                Owner::organization,
                false,
                false,
                tool_permissions,
                by_agent_and_tool,
                {}},
    RecordShape{RecordTable::agent_configs,
                "agent_configs",
                Owner::scope,
                false,
                true,
                agent_configs,
                by_agent_and_version,
                {}},
    RecordShape{RecordTable::threads, "threads", Owner::scope, false, true, threads, by_id, by_starter_and_external_id},
    RecordShape{RecordTable::messages, "messages", Owner::scope, false, false, messages, by_thread_and_sequence, by_id},
    RecordShape{RecordTable::executions, "executions", Owner::scope, false, true, executions, by_id, {}},
    RecordShape{RecordTable::triggers, "triggers", Owner::scope, true, false, triggers, by_id, by_slug},
    RecordShape{RecordTable::trigger_runs, "trigger_runs", Owner::scope, false, false, trigger_runs, by_id, {}},
    RecordShape{
        RecordTable::installed_packs, "installed_packs", Owner::scope, false, false, installed_packs, by_pack, {}},
    RecordShape{
        RecordTable::pack_definitions, "pack_definitions", Owner::scope, false, false, pack_definitions, by_pack, {}},
    RecordShape{RecordTable::releases, "releases", Owner::scope, false, false, releases, by_number, {}},
    RecordShape{
        RecordTable::former_names, "former_names", Owner::scope, true, false, former_names, by_type_and_position, {}},
    RecordShape{
        RecordTable::trigger_cascades, "trigger_cascades", Owner::scope, false, false, trigger_cascades, by_origin, {}},
    RecordShape{RecordTable::retention, "retention", Owner::scope, false, false, retention, by_kind, {}},
    RecordShape{RecordTable::kept_answers, "kept_answers", Owner::scope, false, false, kept_answers, by_number,
                by_key_hash},
    RecordShape{RecordTable::log_disorder, "log_disorder", Owner::scope, false, false, log_disorder, by_through, {}},
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

void require_access(const RecordShape& shape, bool in_scope, bool writes) {
  if (in_scope == (shape.owner == RecordOwner::database))
    throw std::logic_error("this transaction does not own the records of: " + std::string(shape.name));
  if (writes && shape.table == RecordTable::unique_keys)
    throw std::logic_error("unique keys are written by set_unique_keys alone");
}

std::size_t column_of(const RecordShape& shape, std::string_view column) {
  const auto found = std::ranges::find(shape.columns, column);
  if (found == shape.columns.end()) throw std::logic_error("no such column: " + std::string(column));
  return static_cast<std::size_t>(found - shape.columns.begin());
}

std::size_t size_of(const Record& record) {
  std::size_t size = 0;
  for (const RecordValue& value : record) {
    if (const auto* const text = std::get_if<std::string>(&value)) size += text->size();
    if (const auto* const bytes = std::get_if<RecordBytes>(&value)) size += bytes->bytes.size();
  }
  return size;
}

bool matches(const RecordShape& shape, const Record& record, std::span<const RecordCondition> where) {
  return std::ranges::all_of(where, [&](const RecordCondition& condition) {
    return holds(condition, record.at(column_of(shape, condition.column)));
  });
}

}  // namespace spi
}  // namespace struere
