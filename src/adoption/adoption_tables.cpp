#include "adoption/adoption_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace struere {
namespace {

using enum AdoptionKind;
using enum AdoptionOwner;
using Names = std::string_view[];
using References = AdoptionReference[];

constexpr Names memberships_of{"member", "admin"};
constexpr Names agent_statuses{"active", "inactive"};
constexpr Names identities{"inherit", "system", "configured"};
constexpr Names effects{"allow", "deny"};
constexpr Names mask_kinds{"mask", "visible"};
constexpr Names key_kinds{"agent", "webhook"};
constexpr Names message_roles{"user", "assistant", "system", "tool"};
constexpr Names execution_statuses{"completed", "failed", "cancelled"};

constexpr AdoptionColumn id{"id", name};
constexpr AdoptionColumn created_at{"created_at", time};
constexpr AdoptionColumn created_once{"created_at", time, time_of_adoption};
constexpr AdoptionColumn updated_at{"updated_at", time, "created_at"};

constexpr AdoptionColumn organizations[]{id, {"name", name, "id"}, created_once};
constexpr AdoptionColumn memberships[]{{"user_id", name}, {"role", word, "'member'", memberships_of}, created_once};
constexpr AdoptionColumn agents[]{id,
                                  {"slug", name},
                                  {"name", name, "slug"},
                                  {"description", text, "''"},
                                  {"status", word, "'active'", agent_statuses},
                                  created_once,
                                  updated_at};
constexpr AdoptionColumn tool_permissions[]{{"agent_id", name},
                                            {"tool", name},
                                            {"role", text, "NULL"},
                                            {"identity", word, "'inherit'", identities},
                                            {"allowed_actions", texts, "NULL"},
                                            {"denied_fields", texts, "'[]'"},
                                            {"updated_at", time, time_of_adoption}};
constexpr AdoptionColumn entity_types[]{{"slug", name},
                                        {"name", name, "slug"},
                                        {"schema", object, "'{}'"},
                                        {"search_fields", texts, "'[]'"},
                                        {"bound_to_role", name, "NULL"},
                                        {"user_id_field", name, "'userId'"},
                                        created_once};
constexpr AdoptionColumn roles[]{id, {"name", name}, created_once};
constexpr AdoptionColumn policies[]{{"role_id", name},
                                    {"position", number, "NULL"},
                                    {"resource", name},
                                    {"action", name},
                                    {"effect", word, {}, effects}};
constexpr AdoptionColumn scope_rules[]{
    {"role_id", name}, {"position", number, "NULL"}, {"entity_type", name}, {"rule", object}};
constexpr AdoptionColumn field_masks[]{{"role_id", name},
                                       {"position", number, "NULL"},
                                       {"entity_type", name},
                                       {"kind", word, "'mask'", mask_kinds},
                                       {"definition", object}};
constexpr AdoptionColumn role_assignments[]{{"user_id", name},
                                            {"role_id", name},
                                            {"expires_at", number, "NULL"},
                                            {"granted_by", name, "'system'"},
                                            created_once};
constexpr AdoptionColumn api_keys[]{id,
                                    {"hash", hash},
                                    {"name", name, "id"},
                                    {"display_prefix", text, "''"},
                                    {"roles", texts, "'[]'"},
                                    {"kind", word, "'agent'", key_kinds},
                                    created_once,
                                    {"expires_at", number, "NULL"},
                                    {"revoked_at", number, "NULL"},
                                    {"last_used_at", time, "NULL"}};
constexpr AdoptionColumn entities[]{id,
                                    {"type", name},
                                    {"data", object},
                                    {"status", name, "'active'"},
                                    created_at,
                                    updated_at,
                                    {"deleted_at", time, "NULL"},
                                    {"version", positive, "1"}};
constexpr AdoptionColumn entity_relations[]{{"from_id", name}, {"type", name}, {"to_id", name}};
constexpr AdoptionColumn events[]{id,
                                  {"type", name},
                                  {"entity_id", name, "NULL"},
                                  {"other_end_id", name, "NULL"},
                                  {"actor_type", name, "'system'"},
                                  {"actor_id", name, "'system'"},
                                  {"payload", object, "'{}'"},
                                  created_at};
constexpr AdoptionColumn agent_configs[]{{"agent_id", name},
                                         {"version", positive},
                                         {"system_prompt", text, "''"},
                                         {"model", text, "''"},
                                         {"tools", texts, "'[]'"},
                                         {"roles", texts, "'[]'"},
                                         {"status", word, "'active'", agent_statuses},
                                         {"created_by", name, "'system'"},
                                         created_once};
constexpr AdoptionColumn threads[]{id,
                                   {"external_id", name, "NULL"},
                                   {"agent_id", name, "NULL"},
                                   {"title", text, "''"},
                                   {"metadata", object, "'{}'"},
                                   {"started_by_type", name, "'system'"},
                                   {"started_by", name, "'system'"},
                                   {"message_count", number, "NULL"},
                                   created_at,
                                   updated_at};
constexpr AdoptionColumn messages[]{id,
                                    {"thread_id", name},
                                    {"sequence", number, "NULL"},
                                    {"role", word, {}, message_roles},
                                    {"content", text, "''"},
                                    {"tool_calls", list, "'[]'"},
                                    {"tool_call_id", name, "NULL"},
                                    {"attachments", list, "'[]'"},
                                    created_at};
constexpr AdoptionColumn executions[]{id,
                                      {"agent_id", name, "NULL"},
                                      {"config_version", number, "NULL"},
                                      {"thread_id", name, "NULL"},
                                      {"model", text, "''"},
                                      {"status", word, "'completed'", execution_statuses},
                                      {"error", text, "NULL"},
                                      {"input_tokens", number, "0"},
                                      {"output_tokens", number, "0"},
                                      {"duration_ms", number, "0"},
                                      {"tool_calls", list, "'[]'"},
                                      {"actor_type", name, "'system'"},
                                      {"actor_id", name, "'system'"},
                                      {"day", number, "NULL"},
                                      created_at};
constexpr AdoptionColumn installed_packs[]{{"pack_id", name},
                                           {"version", name},
                                           {"overrides", object, "'{}'"},
                                           {"history", list, "'[]'"},
                                           {"installed_by", name, "'system'"},
                                           {"installed_at", time, time_of_adoption},
                                           {"updated_at", time, "installed_at"}};

constexpr Names by_id{"id"};
constexpr Names by_name{"name"};
constexpr Names by_slug{"slug"};
constexpr Names by_user{"user_id"};
constexpr Names by_role{"role_id"};
constexpr Names by_user_and_role{"user_id", "role_id"};
constexpr Names by_agent_and_tool{"agent_id", "tool"};
constexpr Names by_agent_and_version{"agent_id", "version"};
constexpr Names by_ends{"from_id", "type", "to_id"};
constexpr Names by_external_id{"external_id"};
constexpr Names by_pack{"pack_id"};
constexpr Names in_time{"created_at", "id"};
constexpr Names in_role{"role_id", "position"};
constexpr Names in_thread{"thread_id", "sequence", "created_at", "id"};

constexpr References to_user{{"user_id", "users", "id"}};
constexpr References to_agent{{"agent_id", "agents", "id"}};
constexpr References to_role{{"role_id", "roles", "id"}};
constexpr References to_role_and_type{{"role_id", "roles", "id"}, {"entity_type", "entity_types", "slug"}};
constexpr References to_user_and_role{{"user_id", "users", "id"}, {"role_id", "roles", "id"}};
constexpr References to_type{{"type", "entity_types", "slug"}};
constexpr References to_ends{{"from_id", "entities", "id"}, {"to_id", "entities", "id"}};
constexpr References to_entities{{"entity_id", "entities", "id"}, {"other_end_id", "entities", "id"}};
constexpr References to_thread{{"thread_id", "threads", "id"}};
constexpr References to_agent_and_thread{{"agent_id", "agents", "id"}, {"thread_id", "threads", "id"}};

constexpr AdoptionTable tables[]{
    {"organizations", file, organizations, by_id, true},
    {"users", file, organizations, by_id, true},
    {"memberships", organization, memberships, by_user, true, {}, {}, to_user},
    {"agents", organization, agents, by_id, true, by_slug},
    {"tool_permissions", organization, tool_permissions, by_agent_and_tool, true, {}, {}, to_agent},
    {"entity_types", scope, entity_types, by_slug, true},
    {"roles", scope, roles, by_id, true, by_name},
    // These are adopted with their roles.
    {"policies", scope, policies, by_role, false, {}, in_role, to_role},
    {"scope_rules", scope, scope_rules, by_role, false, {}, in_role, to_role_and_type},
    {"field_masks", scope, field_masks, by_role, false, {}, in_role, to_role_and_type},
    {"role_assignments", scope, role_assignments, by_user_and_role, true, {}, {}, to_user_and_role},
    {"api_keys", scope, api_keys, by_id, true},
    {"entities", scope, entities, by_id, true, {}, {}, to_type},
    {"entity_relations", scope, entity_relations, by_ends, true, {}, {}, to_ends},
    {"events", scope, events, by_id, true, {}, in_time, to_entities},
    {"agent_configs", scope, agent_configs, by_agent_and_version, true, {}, {}, to_agent},
    {"threads", scope, threads, by_id, true, by_external_id, {}, to_agent},
    {"messages", scope, messages, by_id, true, {}, in_thread, to_thread},
    {"executions", scope, executions, by_id, true, {}, {}, to_agent_and_thread},
    {"installed_packs", scope, installed_packs, by_pack, true},
};

}  // namespace

std::span<const AdoptionTable> adoption_tables() { return tables; }

const AdoptionTable* find_adoption_table(std::string_view name) {
  const auto* const found = std::ranges::find(tables, name, &AdoptionTable::name);
  return found == std::end(tables) ? nullptr : found;
}

const AdoptionValue& AdoptionRow::at(const AdoptionTable& table, std::string_view column) const {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i].name == column) return values.at(i);
  throw std::logic_error("no such column: " + std::string(column));
}

std::string name_of_row(const AdoptionTable& table, const AdoptionRow& row) {
  std::string out(table.name);
  const char* separator = " ";
  for (const std::string_view column : table.key) {
    const AdoptionValue& value = row.at(table, column);
    const auto* const text = std::get_if<std::string>(&value);
    const auto* const number = std::get_if<std::int64_t>(&value);
    out.append(separator).append(text ? fmt::format("`{}`", *text) : number ? std::to_string(*number) : "?");
    separator = ", ";
  }
  return out;
}

}  // namespace struere
