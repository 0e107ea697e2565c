#include "struere/repository/agent_repository.hpp"

#include "repository/checks.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/records.hpp"
#include "struere/actor/tool_identity.hpp"

namespace struere {
namespace {

std::optional<Agent> find_agent(GuardedOperation& operation, const std::string& slug) {
  return find<Agent>(operation.transaction(), "slug", slug);
}

Agent require_agent(GuardedOperation& operation, const std::string& slug) {
  auto agent = find_agent(operation, slug);
  if (!agent) throw_not_found();
  return *std::move(agent);
}

std::vector<AgentConfig> configs(GuardedOperation& operation, const Agent& agent, std::int64_t limit) {
  return select<AgentConfig>(operation.transaction(),
                             {{}, {{"agent_id", {}, agent.id.str()}}, {"version"}, true, {}, limit});
}

std::optional<AgentConfig> newest_config(GuardedOperation& operation, const Agent& agent) {
  auto found = configs(operation, agent, 1);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<RecordCondition> of_tool(const Agent& agent, const std::string& tool) {
  return {{"agent_id", {}, agent.id.str()}, {"tool", {}, tool}};
}

std::string payload_of(const Agent& agent) {
  return canonical_json(Json{{"slug", agent.slug},
                             {"name", agent.name},
                             {"description", agent.description},
                             {"status", to_string(agent.status)}});
}

std::string payload_of(const std::string& slug, const ToolPermission& permission) {
  Json out{{"slug", slug},
           {"tool", permission.tool},
           {"identity", to_string(permission.identity)},
           {"deniedFields", permission.denied_fields}};
  if (permission.role) out["role"] = *permission.role;
  if (permission.allowed_actions) {
    out["allowedActions"] = Json::array();
    for (const Action action : *permission.allowed_actions) out["allowedActions"].push_back(to_string(action));
  }
  return canonical_json(out);
}

void check(const NewToolPermission& permission) {
  const bool configured = permission.identity == ToolIdentity::configured;
  if (configured != permission.role.has_value())
    throw Error(ErrorCode::invalid_definition, "`role` is given for the identity `configured`, and for no other");
  if (permission.role) require_name(*permission.role, "`role`");
  for (const std::string& field : permission.denied_fields) {
    const auto path = FieldPath::parse(field);
    if (!path || path->root() == FieldPath::Root::id)
      throw Error(ErrorCode::invalid_definition,
                  "a denied field is a path such as data.card, or status, createdAt or updatedAt");
  }
}

// What the configuration of the actor's own environment says.
Decision decide_tool(GuardedOperation& operation, const std::optional<Agent>& agent, const std::string& tool) {
  const auto no = [](std::string reason) { return Decision(false, std::move(reason), {}, 0); };
  Decision allowed = decide(operation.rules(), operation.actor(), Action::read, "agents");
  if (!allowed) return allowed;
  if (!agent) return no("there is no such agent");
  if (agent->status != AgentStatus::active) return no(fmt::format("agent `{}` is not active", agent->slug));
  const auto config = newest_config(operation, *agent);
  if (!config) return no(fmt::format("agent `{}` has no configuration in this environment", agent->slug));
  if (std::ranges::find(config->tools, tool) == config->tools.end())
    return no(fmt::format("the configuration of agent `{}` does not have this tool", agent->slug));
  return Decision::allow(fmt::format("the configuration of agent `{}` has this tool", agent->slug));
}

}  // namespace

Agent AgentRepository::define(const NewAgent& asked) const {
  return guarded(*engine_, actor_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    const auto known = find_agent(operation, asked.slug);
    operation.require_resource(known ? Action::update : Action::create, "agents");
    require_slug(asked.slug, "an agent's slug");
    require_name(asked.name, "an agent's name");
    require_text(asked.description, "an agent's description");
    Agent agent{
        known ? known->id : AgentId(operation.new_id()), asked.slug,     asked.name, asked.description, asked.status,
        known ? known->created_at : operation.now(),     operation.now()};
    if (known)
      operation.transaction().update_records(RecordTable::agents, {{"id", {}, agent.id.str()}},
                                             {{"name", agent.name},
                                              {"description", agent.description},
                                              {"status", to_value(agent.status)},
                                              {"updated_at", agent.updated_at}});
    else
      insert(operation.transaction(), agent);
    operation.audit().append(known ? "agent.updated" : "agent.created", payload_of(agent));
    operation.commit();
    return agent;
  });
}

Agent AgentRepository::get(const std::string& slug) const {
  return guarded(*engine_, actor_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    return require_agent(operation, slug);
  });
}

std::vector<Agent> AgentRepository::list() const {
  return guarded(*engine_, actor_, Access::read, {"list", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "agents");
    return select<Agent>(operation.transaction(), {{}, {}, {"slug"}});
  });
}

AgentConfig AgentRepository::configure(const std::string& slug, const NewAgentConfig& asked) const {
  return guarded(*engine_, actor_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::update, "agents");
    const Agent agent = require_agent(operation, slug);
    require_text(asked.system_prompt, "a system prompt");
    require_name(asked.model, "a model's name");
    require_names(asked.tools, "the tools of an agent");
    require_names(asked.roles, "the roles of an agent");
    operation.require_own_roles(asked.roles);
    const auto newest = newest_config(operation, agent);
    const AgentConfig config{agent.id,
                             newest ? newest->version + 1 : 1,
                             asked.system_prompt,
                             asked.model,
                             asked.tools,
                             asked.roles,
                             actor_.id(),
                             operation.now()};
    insert(operation.transaction(), config);
    operation.audit().append("agent.configured", canonical_json(Json{{"slug", slug},
                                                                     {"version", config.version},
                                                                     {"model", config.model},
                                                                     {"tools", config.tools},
                                                                     {"roles", config.roles}}));
    operation.commit();
    return config;
  });
}

AgentConfig AgentRepository::config(const std::string& slug) const {
  return guarded(*engine_, actor_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    auto config = newest_config(operation, require_agent(operation, slug));
    if (!config) throw_not_found();
    return *std::move(config);
  });
}

std::vector<AgentConfig> AgentRepository::history(const std::string& slug) const {
  return guarded(*engine_, actor_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    return configs(operation, require_agent(operation, slug), most_in_page);
  });
}

ToolPermission AgentRepository::permit_tool(const std::string& slug, const std::string& tool,
                                            const NewToolPermission& asked) const {
  return guarded(*engine_, actor_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_admin("change what tools may do");
    const Agent agent = require_agent(operation, slug);
    require_name(tool, "a tool's name");
    check(asked);
    ToolPermission permission{
        agent.id, tool, asked.identity, asked.role, asked.allowed_actions, asked.denied_fields, operation.now()};
    operation.transaction().remove_records(RecordTable::tool_permissions, of_tool(agent, tool));
    insert(operation.transaction(), permission);
    operation.audit().append("agent.tool-permitted", payload_of(slug, permission));
    operation.commit();
    return permission;
  });
}

bool AgentRepository::forget_tool(const std::string& slug, const std::string& tool) const {
  return guarded(*engine_, actor_, Access::write, {"update", "agents"}, [&](GuardedOperation& operation) {
    operation.require_admin("change what tools may do");
    const Agent agent = require_agent(operation, slug);
    if (operation.transaction().remove_records(RecordTable::tool_permissions, of_tool(agent, tool)) == 0) return false;
    operation.audit().append("agent.tool-forgotten", canonical_json(Json{{"slug", slug}, {"tool", tool}}));
    operation.commit();
    return true;
  });
}

std::vector<ToolPermission> AgentRepository::tool_permissions(const std::string& slug) const {
  return guarded(*engine_, actor_, Access::read, {"read", "agents"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "agents");
    const Agent agent = require_agent(operation, slug);
    return select<ToolPermission>(operation.transaction(), {{}, {{"agent_id", {}, agent.id.str()}}, {"tool"}});
  });
}

Decision AgentRepository::can_use_tool(const std::string& slug, const std::string& tool) const {
  GuardedOperation operation(*engine_, actor_, Access::read);
  return decide_tool(operation, find_agent(operation, slug), tool);
}

ActorContext AgentRepository::tool_identity(const std::string& slug, const std::string& tool) const {
  return guarded(*engine_, actor_, Access::read, {"use-tool", "agents"}, [&](GuardedOperation& operation) {
    const auto agent = find_agent(operation, slug);
    if (const Decision decision = decide_tool(operation, agent, tool); !decision)
      throw Error(ErrorCode::permission_denied, decision.reason());
    auto found = select<ToolPermission>(operation.transaction(), {{}, of_tool(*agent, tool)});
    const ToolPermission permission = found.empty() ? ToolPermission{} : std::move(found.front());
    std::optional<ActorRole> role;
    if (permission.role)
      if (auto id = operation.transaction().find_role(*permission.role))
        role = ActorRole{*std::move(id), *permission.role};
    return ToolIdentityResolver::resolve(actor_, permission, role);
  });
}

}  // namespace struere
