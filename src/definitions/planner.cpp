#include "definitions/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "access/reserved_words.hpp"
#include "core/compiled_schemas.hpp"
#include "core/digest.hpp"
#include "definitions/difference.hpp"
#include "definitions/obstacles.hpp"
#include "definitions/reveals.hpp"
#include "repository/checks.hpp"
#include "repository/definition_writer.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"
#include "struere/access/definition.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/trigger_writer.hpp"

namespace struere {
namespace {

Json definition_of(const Agent& agent, const AgentConfig& config) {
  return {{"slug", agent.slug},
          {"name", agent.name},
          {"description", agent.description},
          {"status", to_string(config.status)},
          {"systemPrompt", config.system_prompt},
          {"model", config.model},
          {"tools", config.tools},
          {"roles", config.roles}};
}

Json definition_of(const ToolPermission& permission) {
  Json out{{"identity", to_string(permission.identity)}, {"deniedFields", permission.denied_fields}};
  if (permission.role) out["role"] = *permission.role;
  if (permission.allowed_actions) {
    out["allowedActions"] = Json::array();
    for (const Action action : *permission.allowed_actions) out["allowedActions"].push_back(to_string(action));
  }
  return out;
}

NewToolPermission permission_of(const Json& definition) {
  NewToolPermission out;
  out.identity = *parse_word<ToolIdentity>(definition.at("identity").get_ref<const std::string&>());
  out.denied_fields = definition.at("deniedFields").get<std::vector<std::string>>();
  if (definition.contains("role")) out.role = definition.at("role").get<std::string>();
  if (definition.contains("allowedActions")) {
    out.allowed_actions.emplace();
    for (const Json& word : definition.at("allowedActions"))
      out.allowed_actions->push_back(*parse_word<Action>(word.get_ref<const std::string&>()));
  }
  return out;
}

std::string digest_of(const DefinitionSet& definitions) {
  return to_hex(sha256(canonical_json(definitions.to_json())));
}

// Definitions that both environments share change only from development. Otherwise the rollback of a release that is
// older than the last sync would reset them.
constexpr std::array identity_keys{"name", "description"};

bool is_shared_part_fixed(GuardedOperation& operation) {
  return operation.actor().environment() == Environment::production;
}

// The tools' permissions once `wanted` holds. A tool without a permission acts as its caller, so a permission that
// narrows an agent which is not among the wanted ones, but may be of the other environment, must stay.
void add_tools(DefinitionSet& out, const DefinitionSet& wanted, const DefinitionSet& current) {
  std::map<std::string, Json> tools;
  for (const auto& [name, definition] : wanted.of(DefinitionKind::tool))
    if (!definition.at("agents").empty()) tools[name] = definition.at("agents");
  for (const auto& [name, definition] : current.of(DefinitionKind::tool))
    for (const auto& [agent, permission] : definition.at("agents").items())
      if (!wanted.find(DefinitionKind::agent, agent)) tools[name][agent] = permission;
  for (const auto& [name, agents] : tools) out.add(DefinitionKind::tool, {{"name", name}, {"agents", agents}});
}

// The part of `wanted` that this scope can change.
DefinitionSet within_reach(GuardedOperation& operation, const DefinitionSet& wanted, const DefinitionSet& current) {
  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds) {
    if (kind == DefinitionKind::tool) continue;
    for (const auto& [name, definition] : wanted.of(kind)) {
      Json reachable = definition;
      if (kind == DefinitionKind::agent && is_shared_part_fixed(operation))
        if (const auto agent = find_agent(operation, name)) {
          reachable["name"] = agent->name;
          reachable["description"] = agent->description;
        }
      out.add(kind, reachable);
    }
  }
  const DefinitionSet none;
  add_tools(out, is_shared_part_fixed(operation) ? none : wanted, current);
  return out;
}

DefinitionSet self_contained(const DefinitionSet& all) {
  std::map<std::string, Json> tools;
  const auto name_tool = [&](const Json& tool) {
    if (!is_built_in_tool(tool.get_ref<const std::string&>())) tools.emplace(tool.get<std::string>(), Json::object());
  };
  for (const auto& [slug, agent] : all.of(DefinitionKind::agent))
    for (const Json& tool : agent.at("tools")) name_tool(tool);
  for (const auto& [slug, trigger] : all.of(DefinitionKind::trigger))
    for (const Json& action : trigger.at("actions")) name_tool(action.at("tool"));
  for (const auto& [name, definition] : all.of(DefinitionKind::tool))
    for (const auto& [agent, permission] : definition.at("agents").items())
      if (all.find(DefinitionKind::agent, agent)) tools[name][agent] = permission;

  DefinitionSet out;
  for (const DefinitionKind kind : definition_kinds)
    if (kind != DefinitionKind::tool)
      for (const auto& [name, definition] : all.of(kind)) out.add(kind, definition);
  for (const auto& [name, agents] : tools) out.add(DefinitionKind::tool, {{"name", name}, {"agents", agents}});
  return out;
}

void write_agent_definition(GuardedOperation& operation, const Json& definition, const DefinitionChange& change) {
  const auto& slug = definition.at("slug").get_ref<const std::string&>();
  const auto touches = [&](auto... keys) {
    return change.change == ChangeKind::create || std::ranges::any_of(change.fields, [&](const FieldChange& field) {
             return ((field.path == keys || field.path == std::string(keys) + "[]") || ...);
           });
  };
  auto agent = find_agent(operation, slug);
  if (!agent ||
      (!is_shared_part_fixed(operation) && std::apply([&](auto... keys) { return touches(keys...); }, identity_keys)))
    agent = write_agent(operation, {slug, definition.at("name"), definition.at("description")});
  if (touches("systemPrompt", "model", "tools", "roles", "status"))
    write_agent_config(
        operation, *agent,
        {definition.at("systemPrompt"), definition.at("model"), definition.at("tools"), definition.at("roles"),
         *parse_word<AgentStatus>(definition.at("status").get_ref<const std::string&>())});
}

void write_tool(GuardedOperation& operation, const std::string& tool, const Json* before, const Json* after) {
  const Json none = Json::object();
  const Json& was = before ? before->at("agents") : none;
  const Json& is = after ? after->at("agents") : none;
  for (const auto& [slug, permission] : is.items())
    if (!was.contains(slug) || was.at(slug) != permission)
      write_tool_permission(operation, require_agent(operation, slug), tool, permission_of(permission));
  for (const auto& [slug, permission] : was.items())
    if (!is.contains(slug)) remove_tool_permission(operation, require_agent(operation, slug), tool);
}

}  // namespace

DefinitionSet definitions_of(GuardedOperation& operation) {
  DefinitionSet out;
  for (const EntityType& type : stored_entity_types(operation.transaction()))
    out.add(DefinitionKind::entity_type, definition_of(type));
  for (const RoleRecord& role : stored_roles(operation.transaction()))
    out.add(DefinitionKind::role, definition_of(role));
  for (const Trigger& trigger :
       select<Trigger>(operation.transaction(), {{}, {}, {"slug"}, false, {}, most_definitions}))
    out.add(DefinitionKind::trigger, trigger.definition);
  std::map<std::string, Json> tools;
  for (const Agent& agent : select<Agent>(operation.transaction(), {{}, {}, {"slug"}, false, {}, most_definitions})) {
    const auto config = newest_config(operation, agent);
    if (config) out.add(DefinitionKind::agent, definition_of(agent, *config));
    for (const ToolPermission& permission : select<ToolPermission>(
             operation.transaction(), {{}, {{"agent_id", {}, agent.id.str()}}, {"tool"}, false, {}, most_definitions}))
      tools[permission.tool][agent.slug] = definition_of(permission);
  }
  for (const auto& [tool, agents] : tools) out.add(DefinitionKind::tool, {{"name", tool}, {"agents", agents}});
  return out;
}

DefinitionSet current_definitions(GuardedOperation& operation) { return self_contained(definitions_of(operation)); }

std::vector<Reveal> find_tool_reveals(GuardedOperation& operation, const DefinitionSet& wanted) {
  const DefinitionSet current = definitions_of(operation);
  DefinitionSet later;
  for (const DefinitionKind kind : definition_kinds)
    if (kind != DefinitionKind::tool)
      for (const auto& [name, definition] : current.of(kind)) later.add(kind, definition);
  add_tools(later, wanted, current);
  StoredData stored(operation);
  return find_reveals(operation, current, later, nullptr, stored);
}

ChangePlan make_plan(GuardedOperation& operation, DefinitionSet wanted, const PlanOptions& options,
                     const EntityMigration* migration, std::optional<std::int64_t> since) {
  for (const DefinitionKind kind : definition_kinds)
    if (static_cast<std::int64_t>(wanted.of(kind).size()) > most_definitions_of_a_kind)
      throw Error(ErrorCode::invalid_definition, fmt::format("there are at most {} definitions of the kind {}",
                                                             most_definitions_of_a_kind, to_string(kind)));
  std::size_t bytes = 0;
  for (const DefinitionKind kind : {DefinitionKind::entity_type, DefinitionKind::role, DefinitionKind::trigger})
    for (const auto& [name, definition] : wanted.of(kind)) bytes += canonical_json(definition).size();
  if (bytes > 2 * most_definition_bytes)
    throw Error(ErrorCode::invalid_definition, fmt::format("the entity types, roles and triggers of a plan are at most "
                                                           "{} MiB together",
                                                           2 * most_definition_bytes >> 20));
  const DefinitionSet current = definitions_of(operation);
  ChangePlan plan;
  plan.environment = operation.actor().environment();
  plan.options = options;
  plan.base = digest_of(current);
  const DefinitionSet reachable = within_reach(operation, wanted, current);
  plan.changes = difference(current, reachable);
  for (DefinitionChange& change : plan.changes) {
    if (change.kind == DefinitionKind::entity_type && change.change == ChangeKind::create) check_new_slug(change.name);
    if (change.kind == DefinitionKind::trigger && change.change == ChangeKind::remove)
      change.pending_runs = pending_runs_of(operation, change.name);
  }
  StoredData stored(operation, since);
  plan.obstacles = find_obstacles(operation, wanted, plan.changes, options, migration, stored);
  if (!plan.changes.empty() || migration) plan.reveals = find_reveals(operation, current, reachable, migration, stored);
  if (!options.reveal)
    for (const Reveal& reveal : plan.reveals) plan.obstacles.push_back(obstacle_of(reveal));
  plan.definitions = std::move(wanted);
  return plan;
}

ChangePlan check_plan(GuardedOperation& operation, const ChangePlan& plan, std::optional<std::int64_t> since) {
  if (plan.environment != operation.actor().environment())
    throw Error(ErrorCode::conflict, "the plan is for the other environment; plan for this one");
  ChangePlan now = make_plan(operation, plan.definitions, plan.options, nullptr, since);
  if (now.base != plan.base)
    throw Error(ErrorCode::conflict, "the definitions have changed since this was planned; plan again");
  if (!now.obstacles.empty()) throw Error(ErrorCode::conflict, now.obstacles.front().message);
  require_named(plan, now);
  return now;
}

void compile_schemas(GuardedOperation& operation, const ChangePlan& plan) {
  bool removes_types = false;
  for (const DefinitionChange& change : plan.changes)
    if (change.kind == DefinitionKind::entity_type && change.change == ChangeKind::remove)
      removes_types = true;
    else if (change.kind == DefinitionKind::entity_type)
      (void)CompiledSchemas::compile(canonical_json(plan.definitions.find(change.kind, change.name)->at("schema")));
  if (removes_types) compile_stored_schemas(operation);
}

void carry_out(GuardedOperation& operation, const ChangePlan& plan, std::int64_t since) {
  if (plan.options.hold_writers) operation.hold_writers();
  write_changes(operation, check_plan(operation, plan, since));
}

void write_changes(GuardedOperation& operation, const ChangePlan& plan) {
  const DefinitionSet current = definitions_of(operation);
  const DefinitionSet reachable = within_reach(operation, plan.definitions, current);
  const auto stored = stored_entity_types(operation.transaction());
  std::vector<EntityType> types;
  for (const auto& [slug, definition] : plan.definitions.of(DefinitionKind::entity_type)) {
    EntityType type;
    type.slug = slug;
    if (const auto known = std::ranges::find(stored, slug, &EntityType::slug); known != stored.end())
      type.key = known->key;
    types.push_back(std::move(type));
  }
  const auto each = [&](DefinitionKind kind, bool removals, auto&& body) {
    for (const DefinitionChange& change : plan.changes)
      if (change.kind == kind && (change.change == ChangeKind::remove) == removals)
        body(change, plan.definitions.find(kind, change.name));
  };
  // A definition is written after those to which it refers, and removed before them.
  each(DefinitionKind::entity_type, false,
       [&](const auto&, const Json* definition) { write_entity_type(operation, *definition, types); });
  std::set<std::string> touched;
  each(DefinitionKind::role, false,
       [&](const auto&, const Json* definition) { write_role(operation, *definition, types, touched); });
  each(DefinitionKind::agent, false,
       [&](const auto& change, const Json* definition) { write_agent_definition(operation, *definition, change); });
  each(DefinitionKind::trigger, false,
       [&](const auto&, const Json* definition) { write_trigger(operation, *definition, types); });
  for (const bool removals : {false, true})
    each(DefinitionKind::tool, removals, [&](const auto& change, const Json*) {
      write_tool(operation, change.name, current.find(DefinitionKind::tool, change.name),
                 reachable.find(DefinitionKind::tool, change.name));
    });
  each(DefinitionKind::trigger, true, [&](const auto& change, const Json*) { remove_trigger(operation, change.name); });
  each(DefinitionKind::agent, true, [&](const auto& change, const Json*) {
    remove_agent_configs(operation, require_agent(operation, change.name));
  });
  each(DefinitionKind::role, true,
       [&](const auto& change, const Json*) { remove_role(operation, change.name, touched); });
  define_field_keys(operation.transaction(), touched);
  std::vector<std::string> going;
  each(DefinitionKind::entity_type, true, [&](const auto& change, const Json*) { going.push_back(change.name); });
  remove_entity_types(operation, going);
}

}  // namespace struere
