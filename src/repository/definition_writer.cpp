#include "repository/definition_writer.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "core/compiled_schemas.hpp"
#include "core/single_line.hpp"
#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"
#include "struere/access/definition.hpp"

namespace struere {
namespace {

[[noreturn]] void still_needed(const std::string& why) { throw Error(ErrorCode::conflict, why); }

// The slug of each type that the schema of another one references, and the slug of that one.
std::map<std::string, std::string> referenced_types(const std::vector<EntityType>& staying) {
  std::map<std::string, std::string> out;
  for (const EntityType& type : staying)
    for (const ReferenceField& reference : CompiledSchemas::references_of(type.schema))
      out.emplace(reference.type, type.slug);
  return out;
}

// The slug of each type that a role names, and the name of the first such role.
std::map<std::string, std::string> named_types(const std::vector<RoleRecord>& roles) {
  std::map<std::string, std::string> out;
  for (const RoleRecord& role : roles) {
    for (const PolicyRecord& policy : role.policies) out.emplace(policy.resource, role.name);
    for (const auto* const records : {&role.scope_rules, &role.field_masks, &role.visible_fields})
      for (const TypedRecord& record : *records) out.emplace(record.entity_type, role.name);
  }
  return out;
}

// Reads the current state of the transaction, which a change plan may have changed since it began.
void check_unused(GuardedOperation& operation, const EntityType& type, const std::map<std::string, std::string>& named,
                  const std::map<std::string, std::string>& referenced) {
  if (const auto found = named.find(type.slug); found != named.end())
    still_needed(fmt::format("role `{}` names this entity type; change the role first", found->second));
  if (find<Trigger>(operation.transaction(), "entity_type", type.slug))
    still_needed("a trigger fires for entities of this type; remove the trigger first");
  if (const auto found = referenced.find(type.slug); found != referenced.end())
    still_needed(fmt::format("the schema of `{}` references this entity type", found->second));
}

std::string payload_of(const Agent& agent) {
  return canonical_json(Json{{"slug", agent.slug}, {"name", agent.name}, {"description", agent.description}});
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
    throw Error(ErrorCode::invalid_definition,
                "`role` is required for the identity `configured`, and not allowed for others");
  if (permission.role) require_name(*permission.role, "`role`");
  if (permission.denied_fields.size() > most_masks)
    throw Error(ErrorCode::invalid_definition, fmt::format("denied fields are at most {}", most_masks));
  for (const std::string& field : permission.denied_fields) {
    const auto path = FieldPath::parse(field);
    if (!path || path->root() == FieldPath::Root::id)
      throw Error(ErrorCode::invalid_definition,
                  "a denied field is a path such as data.card, or status, createdAt or updatedAt");
  }
}

}  // namespace

void require_room(std::int64_t count, const char* what) {
  if (count >= most_definitions_of_a_kind)
    throw Error(ErrorCode::invalid_definition,
                fmt::format("there are at most {} {}; remove one first", most_definitions_of_a_kind, what));
}

std::int64_t count_of(Transaction& transaction, RecordTable table, std::vector<RecordCondition> where) {
  const auto groups = transaction.sum_records({table, std::move(where), {}, {}});
  return groups.empty() ? 0 : groups.front().count;
}

std::int64_t count_entities(GuardedOperation& operation, const EntityType& type) {
  Selection all;
  all.type = type.key;
  all.grants = std::make_shared<const Grants>(Grants{Grant{}});
  return operation.transaction().count(all);
}

// --- entity types

bool works_through_rows(const EntityType& stored, const std::vector<UniqueKey>& unique,
                        const std::vector<std::string>& search_fields) {
  const auto has_all = [](const std::vector<UniqueKey>& keys, const std::vector<UniqueKey>& all) {
    return std::ranges::all_of(all, [&](const UniqueKey& key) { return std::ranges::find(keys, key) != keys.end(); });
  };
  return stored.search_fields != search_fields || !has_all(stored.unique, unique) || !has_all(unique, stored.unique);
}

EntityType write_entity_type(GuardedOperation& operation, const Json& definition,
                             const std::vector<EntityType>& known_types) {
  EntityType type = read_entity_type(definition, known_types);
  const auto known = stored_entity_type(operation.transaction(), type.slug);
  if (!known) require_room(count_of(operation.transaction(), RecordTable::entity_types), "entity types of a scope");
  operation.resize_definition("entity type", type.slug, size_of(type));
  type.created_at = known ? known->created_at : operation.now();
  if (known && works_through_rows(*known, type.unique, type.search_fields))
    operation.spend(count_entities(operation, *known));
  put_entity_type(operation.transaction(), type);
  operation.audit().append(known ? "entity-type.updated" : "entity-type.created", canonical_json(definition_of(type)));
  type.key = stored_entity_type(operation.transaction(), type.slug)->key;
  return type;
}

void compile_stored_schemas(GuardedOperation& operation) {
  for (const EntityType& type : operation.rules().types()) (void)CompiledSchemas::references_of(type.schema);
}

void remove_entity_types(GuardedOperation& operation, const std::vector<std::string>& slugs) {
  auto staying = stored_entity_types(operation.transaction());
  std::vector<EntityType> going;
  for (const std::string& slug : slugs) {
    const auto type = std::ranges::find(staying, slug, &EntityType::slug);
    if (type == staying.end()) throw_not_found();
    going.push_back(std::move(*type));
    staying.erase(type);
  }
  if (going.empty()) return;
  const auto named = named_types(stored_roles(operation.transaction()));
  const auto referenced = referenced_types(staying);
  for (const EntityType& type : going) {
    check_unused(operation, type, named, referenced);
    operation.resize_definition("entity type", type.slug, 0);
    operation.transaction().remove_records(RecordTable::former_names, {{"entity_type", {}, type.slug}});
    remove_entity_type(operation.transaction(), type);
    operation.audit().append("entity-type.deleted", canonical_json(definition_of(type)));
  }
}

// --- roles

RoleRecord write_role(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known_types,
                      std::set<std::string>& touched) {
  RoleRecord role = read_role(definition, known_types);
  const auto known = find_role(operation.transaction(), role.name);
  if (!known) require_room(static_cast<std::int64_t>(operation.rules().roles().size()), "roles of a scope");
  operation.resize_definition("role", role.name, size_of(role));
  role.id = known ? *known : RoleId(operation.new_id());
  role.created_at = operation.now();
  touched.merge(put_role(operation.transaction(), role));
  operation.audit().append(known ? "role.updated" : "role.created", canonical_json(definition_of(role)));
  return role;
}

void remove_role(GuardedOperation& operation, const std::string& name, std::set<std::string>& touched) {
  const auto known = find_role(operation.transaction(), name);
  if (!known) throw_not_found();
  touched.merge(remove_role(operation.transaction(), *known));
  operation.resize_definition("role", name, 0);
  operation.audit().append("role.deleted", canonical_json(Json{{"name", name}}));
}

// --- agents

std::optional<Agent> find_agent(GuardedOperation& operation, const std::string& slug) {
  return find<Agent>(operation.transaction(), "slug", slug);
}

Agent require_agent(GuardedOperation& operation, const std::string& slug) {
  auto agent = find_agent(operation, slug);
  if (!agent) throw_not_found();
  return *std::move(agent);
}

std::vector<AgentConfig> config_history(GuardedOperation& operation, const Agent& agent, std::int64_t limit) {
  return select<AgentConfig>(operation.transaction(),
                             {{}, {{"agent_id", {}, agent.id.str()}}, {"version"}, true, {}, limit, most_page_bytes});
}

std::optional<AgentConfig> newest_config(GuardedOperation& operation, const Agent& agent) {
  auto found = config_history(operation, agent, 1);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

Agent write_agent(GuardedOperation& operation, const NewAgent& asked) {
  const auto known = find_agent(operation, asked.slug);
  require_slug(asked.slug, "an agent's slug");
  require_name(asked.name, "an agent's name");
  require_text(asked.description, "an agent's description", longest_description);
  if (!known) require_room(count_of(operation.transaction(), RecordTable::agents), "agents of an organization");
  Agent agent{known ? known->id : AgentId(operation.new_id()), asked.slug,     asked.name, asked.description,
              known ? known->created_at : operation.now(),     operation.now()};
  if (known)
    operation.transaction().update_records(
        RecordTable::agents, {{"id", {}, agent.id.str()}},
        {{"name", agent.name}, {"description", agent.description}, {"updated_at", agent.updated_at}});
  else
    insert(operation.transaction(), agent);
  operation.audit().append(known ? "agent.updated" : "agent.created", payload_of(agent));
  return agent;
}

namespace {

// A tool may act as more than who configures its agent (ToolPermission): who gave one to an agent, or made it usable,
// could act so as well.
void require_own_tools(GuardedOperation& operation, const Agent& agent, const std::vector<std::string>& tools,
                       const std::optional<AgentConfig>& before) {
  const ActorContext& actor = operation.actor();
  if (actor.passes_policies()) return;
  const auto is_own = [&](const ToolPermission& permission) {
    return permission.identity == ToolIdentity::inherit ||
           (permission.identity == ToolIdentity::configured && permission.role &&
            std::ranges::find(actor.roles(), *permission.role, &ActorRole::name) != actor.roles().end());
  };
  for (const std::string& tool : tools) {
    if (before && before->status == AgentStatus::active &&
        std::ranges::find(before->tools, tool) != before->tools.end())
      continue;
    const auto permissions = select<ToolPermission>(operation.transaction(), {{}, of_tool(agent, tool)});
    if (!std::ranges::all_of(permissions, is_own))
      throw Error(
          ErrorCode::permission_denied,
          fmt::format("the tool {} acts as more than this actor; an org admin gives it to an agent", in_quotes(tool)));
  }
}

}  // namespace

AgentConfig write_agent_config(GuardedOperation& operation, const Agent& agent, const NewAgentConfig& asked) {
  require_text(asked.system_prompt, "a system prompt");
  require_name(asked.model, "a model's name");
  require_names(asked.tools, "the tools of an agent");
  require_names(asked.roles, "the roles of an agent");
  operation.require_own_roles(asked.roles);
  const auto newest = newest_config(operation, agent);
  require_own_tools(operation, agent, asked.tools, newest);
  const AgentConfig config{agent.id,
                           newest ? newest->version + 1 : 1,
                           asked.system_prompt,
                           asked.model,
                           asked.tools,
                           asked.roles,
                           asked.status.value_or(newest ? newest->status : AgentStatus::active),
                           operation.actor().id(),
                           operation.now()};
  insert(operation.transaction(), config);
  operation.audit().append("agent.configured", canonical_json(Json{{"slug", agent.slug},
                                                                   {"version", config.version},
                                                                   {"model", config.model},
                                                                   {"tools", config.tools},
                                                                   {"roles", config.roles},
                                                                   {"status", to_string(config.status)}}));
  return config;
}

void remove_agent_configs(GuardedOperation& operation, const Agent& agent) {
  operation.transaction().remove_records(RecordTable::agent_configs, {{"agent_id", {}, agent.id.str()}});
  operation.audit().append("agent.unconfigured", canonical_json(Json{{"slug", agent.slug}}));
}

std::vector<RecordCondition> of_tool(const Agent& agent, const std::string& tool) {
  return {{"agent_id", {}, agent.id.str()}, {"tool", {}, tool}};
}

ToolPermission write_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool,
                                     const NewToolPermission& asked) {
  operation.require_host_or_admin("change what tools may do");
  require_name(tool, "a tool's name");
  check(asked);
  ToolPermission permission{
      agent.id, tool, asked.identity, asked.role, asked.allowed_actions, asked.denied_fields, operation.now()};
  operation.transaction().remove_records(RecordTable::tool_permissions, of_tool(agent, tool));
  require_room(count_of(operation.transaction(), RecordTable::tool_permissions, {{"agent_id", {}, agent.id.str()}}),
               "tool permissions of an agent");
  insert(operation.transaction(), permission);
  operation.audit().append("agent.tool-permitted", payload_of(agent.slug, permission));
  return permission;
}

bool remove_tool_permission(GuardedOperation& operation, const Agent& agent, const std::string& tool) {
  operation.require_host_or_admin("change what tools may do");
  if (operation.transaction().remove_records(RecordTable::tool_permissions, of_tool(agent, tool)) == 0) return false;
  operation.audit().append("agent.tool-forgotten", canonical_json(Json{{"slug", agent.slug}, {"tool", tool}}));
  return true;
}

}  // namespace struere
