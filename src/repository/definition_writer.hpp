// Writes one definition and its event, in the transaction of the caller, who commits. The repositories change one
// definition in a transaction; a change plan (definitions/) changes many.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/repository/agent_repository.hpp"

namespace struere {

// This limit holds for each kind: entity types, roles and triggers of a scope, agents of an organization, tool
// permissions of an agent.
inline constexpr std::int64_t most_definitions_of_a_kind = 10'000;
// Throws invalid_definition if one more would exceed the limit. `what` is a plural, such as "roles of a scope".
void require_room(std::int64_t count, const char* what);
std::int64_t count_of(Transaction& transaction, RecordTable table, std::vector<RecordCondition> where = {});
// Counts all entities of the type that are not deleted, whether or not the actor may see them.
std::int64_t count_entities(GuardedOperation& operation, const EntityType& type);

// Whether such unique keys and search fields are made or removed for each row that is stored, which all writers wait
// for.
bool works_through_rows(const EntityType& stored, const std::vector<UniqueKey>& unique,
                        const std::vector<std::string>& search_fields);
// `known` are the types that the definition may name.
EntityType write_entity_type(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known);
// Throws not_found if a type does not exist, and conflict if entities, roles, triggers or the references of another
// type that remains still need one of them.
// Compiles the schemas that remove_entity_types() reads. For a look before the write lock is taken.
void compile_stored_schemas(GuardedOperation& operation);
void remove_entity_types(GuardedOperation& operation, const std::vector<std::string>& slugs);

// Both add the types for which rules changed to `touched`; define_field_keys (storage/configuration.hpp) must follow.
RoleRecord write_role(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known,
                      std::set<std::string>& touched);
void remove_role(GuardedOperation& operation, const std::string& name, std::set<std::string>& touched);

// --- agents: the identity that both environments share, and the configuration that one scope has of it
std::optional<Agent> find_agent(GuardedOperation& operation, const std::string& slug);
Agent require_agent(GuardedOperation& operation, const std::string& slug);
std::vector<AgentConfig> config_history(GuardedOperation& operation, const Agent& agent, std::int64_t limit);
std::optional<AgentConfig> newest_config(GuardedOperation& operation, const Agent& agent);

Agent write_agent(GuardedOperation& operation, const NewAgent& asked);
AgentConfig write_agent_config(GuardedOperation& operation, const Agent& agent, const NewAgentConfig& asked);
// Removes all versions, so that the scope then has no configuration of the agent.
void remove_agent_configs(GuardedOperation& operation, const Agent& agent);

// --- the permissions of an agent's tools, which both environments share
std::vector<RecordCondition> of_tool(const Agent& agent, const std::string& tool);
ToolPermission write_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool,
                                     const NewToolPermission& asked);
bool remove_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool);

}  // namespace struere
