#include "struere/repository/agent_repository.hpp"

#include "actor/tool_identity.hpp"
#include "core/authority.hpp"
#include "repository/checks.hpp"
#include "repository/definition_writer.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"
#include "struere/repository/session.hpp"

namespace struere {
namespace {

// Decides by the agent's configuration in the actor's own environment.
Decision decide_tool(GuardedOperation& operation, const std::optional<Agent>& agent, const std::string& tool) {
  const auto no = [](std::string reason) { return Decision(false, std::move(reason), {}, 0); };
  Decision allowed = decide(operation.rules(), operation.actor(), Action::read, "agents");
  if (!allowed) return allowed;
  if (!agent) return no("there is no such agent");
  const auto config = newest_config(operation, *agent);
  if (!config) return no(fmt::format("agent `{}` has no configuration in this environment", agent->slug));
  if (config->status != AgentStatus::active)
    return no(fmt::format("agent `{}` is not active in this environment", agent->slug));
  if (std::ranges::find(config->tools, tool) == config->tools.end())
    return no(fmt::format("the configuration of agent `{}` does not have this tool", agent->slug));
  return Decision::allow(fmt::format("the configuration of agent `{}` has this tool", agent->slug));
}

}  // namespace

Agent AgentRepository::define(const NewAgent& asked) const {
  return guarded(caller_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(find_agent(operation, asked.slug) ? Action::update : Action::create, "agents");
    operation.require_unrestricted("define agents");
    Agent agent = write_agent(operation, asked);
    operation.commit();
    return agent;
  });
}

Agent AgentRepository::get(const std::string& slug) const {
  return guarded(caller_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    return require_agent(operation, slug);
  });
}

std::vector<Agent> AgentRepository::list() const {
  return guarded(caller_, Access::read, {"list", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "agents");
    return select<Agent>(operation.transaction(), {{}, {}, {"slug"}});
  });
}

AgentConfig AgentRepository::configure(const std::string& slug, const NewAgentConfig& asked) const {
  return guarded(caller_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::update, "agents");
    // What it instructs an agent to do, or which tools it gives it, would not be restricted.
    operation.require_unrestricted("configure agents");
    const Agent agent = require_agent(operation, slug);
    operation.require_own_roles(asked.roles);
    operation.require_known_roles(asked.roles);
    AgentConfig config = write_agent_config(operation, agent, asked);
    operation.commit();
    return config;
  });
}

AgentConfig AgentRepository::config(const std::string& slug) const {
  return guarded(caller_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    auto config = newest_config(operation, require_agent(operation, slug));
    if (!config) throw_not_found();
    return *std::move(config);
  });
}

std::vector<AgentConfig> AgentRepository::history(const std::string& slug) const {
  return guarded(caller_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    return config_history(operation, require_agent(operation, slug), most_in_page);
  });
}

ToolPermission AgentRepository::permit_tool(const std::string& slug, const std::string& tool,
                                            const NewToolPermission& asked) const {
  return guarded(caller_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_host_or_admin("change what tools may do");
    const Agent agent = require_agent(operation, slug);
    ToolPermission permission = write_tool_permission(operation, agent, tool, asked);
    operation.commit();
    return permission;
  });
}

bool AgentRepository::forget_tool(const std::string& slug, const std::string& tool) const {
  return guarded(caller_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_host_or_admin("change what tools may do");
    const Agent agent = require_agent(operation, slug);
    if (!remove_tool_permission(operation, agent, tool)) return false;
    operation.commit();
    return true;
  });
}

std::vector<ToolPermission> AgentRepository::tool_permissions(const std::string& slug) const {
  return guarded(caller_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    const Agent agent = require_agent(operation, slug);
    return select<ToolPermission>(operation.transaction(), {{}, {{"agent_id", {}, agent.id.str()}}, {"tool"}});
  });
}

Decision AgentRepository::can_use_tool(const std::string& slug, const std::string& tool) const {
  return guarded(caller_, Access::read, {"use-tool", "agents"}, [&](GuardedOperation& operation) {
    return decide_tool(operation, find_agent(operation, slug), tool);
  });
}

Session AgentRepository::tool_session(const std::string& slug, const std::string& tool) const {
  return guarded(caller_, Access::read, {"use-tool", "agents"}, [&](GuardedOperation& operation) {
    const auto agent = find_agent(operation, slug);
    if (const Decision decision = decide_tool(operation, agent, tool); !decision)
      throw Error(ErrorCode::permission_denied, decision.reason());
    auto found = select<ToolPermission>(operation.transaction(), {{}, of_tool(*agent, tool)});
    const ToolPermission permission = found.empty() ? ToolPermission{} : std::move(found.front());
    std::optional<ActorRole> role;
    if (permission.role)
      if (auto id = find_role(operation.transaction(), *permission.role))
        role = ActorRole{*std::move(id), *permission.role};
    return Session(Caller(authority(), caller_.shared_engine(authority()),
                          ToolIdentityResolver::resolve(caller_.actor(), permission, role), caller_.shared_unit()));
  });
}

}  // namespace struere
