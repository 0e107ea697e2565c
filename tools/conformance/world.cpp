#include "world.hpp"

#include <stdexcept>

#include "struere/core/error.hpp"

namespace struere::conformance {
namespace {

constexpr const char* members_key = "members";

// The values of rules may hold refs, and groups hold further rules.
void resolve_values(Json& rule, References& references) {
  if (!rule.is_object()) return;  // a malformed rule is left to the library, which refuses it
  if (rule.contains("value")) rule["value"] = references.resolved(rule["value"]);
  for (const char* group : {"any", "all"})
    if (rule.contains(group) && rule[group].is_array())
      for (Json& inner : rule[group]) resolve_values(inner, references);
}

MembershipRole membership_role(const std::string& word) {
  for (const MembershipRole role : {MembershipRole::member, MembershipRole::admin})
    if (to_string(role) == word) return role;
  throw std::invalid_argument("a member is `member` or `admin`, not `" + word + "`");
}

// The parts of an environment are all optional.
const OrderedJson& part_of(const OrderedJson& environment, const char* name) {
  static const OrderedJson nothing;
  return environment.contains(name) ? environment.at(name) : nothing;
}

}  // namespace

std::string ref_of_create(const Json& step, std::size_t index) {
  return step.contains("ref") ? step.at("ref").get<std::string>() : "new" + std::to_string(index);
}

Json resolved_role(Json definition, References& references) {
  if (definition.is_object() && definition.contains("scopeRules") && definition["scopeRules"].is_array())
    for (Json& rule : definition["scopeRules"]) resolve_values(rule, references);
  return definition;
}

World::World(const StorageChoice& choice)
    : storage_(choice), database_(storage_.open({.clock = &clock_, .ids = &ids_})) {}

void World::build(const Scenario& scenario) {
  reserve_ids(scenario);
  for (const auto& [name, organization] : scenario.organizations.items()) build_organization(name, organization);
}

void World::reserve_ids(const Scenario& scenario) {
  for (const OrderedJson& organization : scenario.organizations)
    for (const auto& [key, environment] : organization.items())
      if (key != members_key)
        for (const OrderedJson& entity : part_of(environment, "entities")) references_.id_of(entity.at("ref"));
  for (std::size_t index = 0; index < scenario.steps.size(); ++index) reserve_id(scenario.steps[index], index);
}

void World::reserve_id(const Json& step, std::size_t index) {
  if (!step.is_object()) return;
  const std::string op = step.value("op", "");
  if (op == "create" || op == "upsert") references_.id_of(ref_of_create(step, index));
  if (op == "transaction")
    for (std::size_t inner = 0; inner < step.at("steps").size(); ++inner) reserve_id(step.at("steps")[inner], inner);
}

void World::entity_was_created() {
  if (created_in_unit_)
    ++*created_in_unit_;
  else
    clock_.move_on();
}

void World::build_organization(const std::string& name, const OrderedJson& organization) {
  // The name of an organization is also its id, as the name of a member is the user's id, so that data can hold the
  // value of `actor.organizationId`.
  const OrganizationId id = database_.trusted_host().create_organization(name, OrganizationId(name)).id;
  if (organization.contains(members_key)) build_members(id, organization.at(members_key));
  for (const auto& [key, parts] : organization.items()) {
    if (key == members_key) continue;
    const auto environment = parse_environment(key);
    if (!environment)
      throw std::invalid_argument("an organization has members, development and production, not " + key);
    build_environment(database_.trusted_host().system_session(id, *environment), parts);
  }
}

void World::build_members(const OrganizationId& organization, const OrderedJson& members) {
  const TrustedHost host = database_.trusted_host();
  for (const auto& [name, role] : members.items()) {
    const UserId user(name);
    try {
      host.create_user(name, user);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::conflict) throw;  // else the user exists: users are shared
    }
    host.put_member(organization, user, membership_role(role.get<std::string>()));
  }
}

void World::build_environment(const Session& system, const OrderedJson& environment) {
  for (const OrderedJson& type : part_of(environment, "entityTypes")) system.entity_types().define(Json(type));
  const RoleRepository roles = system.roles();
  for (const OrderedJson& role : part_of(environment, "roles")) roles.define(resolved_role(Json(role)));
  for (const auto& [user, names] : part_of(environment, "assignments").items())
    for (const OrderedJson& name : names) roles.assign(UserId(user), name.get<std::string>());

  for (const OrderedJson& entity : part_of(environment, "entities")) {
    CreateOptions options;
    if (entity.contains("status")) options.status = entity.at("status").get<std::string>();
    create(system, entity.at("type"), entity.at("ref"), references_.resolved(Json(entity.at("data"))), options);
  }
  const RelationRepository relations = system.relations();
  for (const OrderedJson& relation : part_of(environment, "relations"))
    relations.link(EntityId(references_.id_of(relation.at("from"))), relation.at("type"),
                   EntityId(references_.id_of(relation.at("to"))));
}

bool World::put_member(const OrganizationId& organization, const std::string& user, const std::string& membership) {
  const TrustedHost host = database_.trusted_host();
  if (membership == "none") return host.remove_member(organization, UserId(user));
  host.put_member(organization, UserId(user), membership_role(membership));
  return true;
}

Session World::actor(const Json& named) {
  if (!named.is_object()) throw std::invalid_argument("no step up to this one has an actor");
  const OrganizationId organization(named.at("organization").get<std::string>());
  const auto environment = parse_environment(named.at("environment").get_ref<const std::string&>());
  if (!environment) throw Error(ErrorCode::not_found, "an environment is development or production");
  const TrustedHost host = database_.trusted_host();
  if (named.contains("user"))
    return host.user_session(UserId(named.at("user").get<std::string>()), organization, *environment);
  if (named.contains("roles")) return database_.authenticate(secret_of_key(named));
  if (named.value("system", false)) return host.system_session(organization, *environment);
  throw std::invalid_argument("an actor has `user`, `system` or `roles`");
}

// Makes one key for each named actor, because later steps that name no actor mean the same key.
std::string World::secret_of_key(const Json& named) {
  const auto found = secrets_.find(named);
  if (found != secrets_.end()) return found->second;
  Json system = named;
  system.erase("roles");
  system["system"] = true;
  const auto roles = named.at("roles").get<std::vector<std::string>>();
  const auto created =
      actor(system).api_keys().create({.name = "scenario", .roles = roles, .allow_unknown_roles = true});
  return secrets_.emplace(named, created.secret).first->second;
}

void World::creating(const std::string& ref, const std::function<bool()>& work) {
  const PreparedIds::InFront prepared(ids_, references_.id_of(ref));
  if (work()) entity_was_created();
}

Written World::create(const Session& actor, const std::string& type, const std::string& ref, const Json& data,
                      const CreateOptions& options) {
  const std::string& id = references_.id_of(ref);
  const PreparedIds::InFront prepared(ids_, id);
  Written written = actor.entities(type).create(data, options);
  // All answers are in refs, so a wrong id would make every answer wrong; it is better to fail at once.
  if (written.id.str() != id) throw std::logic_error("the new entity did not get the first id that was drawn");
  entity_was_created();
  return written;
}

Upserted World::upsert(const Session& actor, const std::string& type, const std::string& ref,
                       const std::vector<std::string>& key, const Json& data) {
  const std::string& id = references_.id_of(ref);
  const PreparedIds::InFront prepared(ids_, id);
  Upserted answer = actor.entities(type).upsert(key, data);
  if (!answer.created) return answer;
  if (answer.written.id.str() != id) throw std::logic_error("the new entity did not get the first id that was drawn");
  entity_was_created();
  return answer;
}

}  // namespace struere::conformance
