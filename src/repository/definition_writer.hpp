// What a change of the configuration writes, with its event: one definition at a time, in the transaction of whoever
// asks, who commits. The repositories change one; a plan (definitions/) changes many at once.
#pragma once

#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/repository/agent_repository.hpp"

namespace struere {

// Of each kind: entity types, roles and triggers of a scope, agents of an organization, tool permissions of an agent.
inline constexpr std::int64_t most_definitions_of_a_kind = 10'000;
// invalid_definition where one more would be too many. `what` is a plural, such as "roles of a scope".
void require_room(std::int64_t count, const char* what);
std::int64_t count_of(Transaction& transaction, RecordTable table, std::vector<RecordCondition> where = {});
// Of all its entities that are not deleted, whoever may see them.
std::int64_t count_entities(GuardedOperation& operation, const EntityType& type);

// `known` are the types that the definition may speak of.
EntityType write_entity_type(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known);
// not_found, or conflict while entities, roles, triggers or the references of types that stay need one of them.
void remove_entity_types(GuardedOperation& operation, const std::vector<std::string>& slugs);

RoleRecord write_role(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known);
void remove_role(GuardedOperation& operation, const std::string& name);

// --- agents: the identity that both environments share, and what the scope's own makes of it
std::optional<Agent> find_agent(GuardedOperation& operation, const std::string& slug);
Agent require_agent(GuardedOperation& operation, const std::string& slug);
std::vector<AgentConfig> config_history(GuardedOperation& operation, const Agent& agent, std::int64_t limit);
std::optional<AgentConfig> newest_config(GuardedOperation& operation, const Agent& agent);

Agent write_agent(GuardedOperation& operation, const NewAgent& asked);
AgentConfig write_agent_config(GuardedOperation& operation, const Agent& agent, const NewAgentConfig& asked);
// All versions: the scope has no configuration of the agent from then on.
void remove_agent_configs(GuardedOperation& operation, const Agent& agent);

// --- what an agent's tool may do, shared by both environments
std::vector<RecordCondition> of_tool(const Agent& agent, const std::string& tool);
ToolPermission write_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool,
                                     const NewToolPermission& asked);
bool remove_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool);

}  // namespace struere
