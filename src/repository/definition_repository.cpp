#include "struere/repository/definition_repository.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repository/guarded_operation.hpp"
#include "struere/access/definition.hpp"

namespace struere {
namespace {

[[noreturn]] void still_needed(const std::string& why) { throw Error(ErrorCode::conflict, why); }

void check_unused(GuardedOperation& operation, const EntityType& type) {
  for (const RoleRecord& role : operation.transaction().roles()) {
    const auto names = [&](const auto& records, auto member) {
      return std::ranges::find(records, type.slug, member) != records.end();
    };
    if (names(role.policies, &PolicyRecord::resource) || names(role.scope_rules, &TypedRecord::entity_type) ||
        names(role.field_masks, &TypedRecord::entity_type) || names(role.visible_fields, &TypedRecord::entity_type))
      still_needed(fmt::format("role `{}` speaks of this entity type; change the role first", role.name));
  }
  if (!operation.triggers().of_type(type.slug).empty())
    still_needed("a trigger is set off by entities of this type; remove the trigger first");
  for (const EntityType& other : operation.rules().types())
    if (other.slug != type.slug)
      for (const ReferenceField& reference : operation.schema(other)->references())
        if (reference.type == type.slug)
          still_needed(fmt::format("the schema of `{}` references this entity type", other.slug));
}

}  // namespace

EntityType EntityTypeRepository::define(const Json& definition) const {
  return guarded(*engine_, actor_, Access::write, {"update", "entity-types"}, [&](GuardedOperation& operation) {
    operation.require_admin("define entity types");
    EntityType type = read_entity_type(definition, operation.rules().types());
    const EntityType* known = operation.rules().find_type(type.slug);
    type.created_at = known ? known->created_at : operation.now();
    operation.transaction().put_entity_type(type);
    operation.audit().append(known ? "entity-type.updated" : "entity-type.created",
                             canonical_json(definition_of(type)));
    for (const EntityType& stored : operation.transaction().entity_types())
      if (stored.slug == type.slug) type.key = stored.key;
    operation.commit();
    return type;
  });
}

void EntityTypeRepository::remove(const std::string& slug) const {
  guarded(*engine_, actor_, Access::write, {"delete", "entity-types"}, [&](GuardedOperation& operation) {
    operation.require_admin("remove entity types");
    const EntityType& type = operation.require_type(slug);
    check_unused(operation, type);
    operation.transaction().remove_entity_type(type);
    operation.audit().append("entity-type.deleted", canonical_json(definition_of(type)));
    operation.commit();
  });
}

std::vector<EntityType> EntityTypeRepository::list() const {
  return guarded(*engine_, actor_, Access::read, {"list", "entity-types"}, [&](GuardedOperation& operation) {
    operation.require_admin("list entity types");
    return operation.rules().types();
  });
}

RoleRecord RoleRepository::define(const Json& definition) const {
  return guarded(*engine_, actor_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("define roles");
    RoleRecord role = read_role(definition, operation.rules().types());
    const auto known = operation.rules().roles().find(role.name);
    const bool is_new = known == operation.rules().roles().end();
    role.id = is_new ? RoleId(operation.new_id()) : known->second.id;
    role.created_at = operation.now();
    operation.transaction().put_role(role);
    operation.audit().append(is_new ? "role.created" : "role.updated", canonical_json(definition_of(role)));
    operation.commit();
    return role;
  });
}

void RoleRepository::remove(const std::string& name) const {
  guarded(*engine_, actor_, Access::write, {"delete", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("remove roles");
    const auto known = operation.rules().roles().find(name);
    if (known == operation.rules().roles().end()) throw_not_found();
    operation.transaction().remove_role(known->second.id);
    operation.audit().append("role.deleted", canonical_json(Json{{"name", name}}));
    operation.commit();
  });
}

std::vector<RoleRecord> RoleRepository::list() const {
  return guarded(*engine_, actor_, Access::read, {"list", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("list roles");
    auto roles = operation.transaction().roles();
    std::ranges::sort(roles, {}, &RoleRecord::name);
    return roles;
  });
}

void RoleRepository::assign(const UserId& user, const std::string& role, std::optional<Timestamp> expires_at) const {
  const bool is_member = engine_->storage->shared().find_membership(actor_.organization(), user).has_value();
  guarded(*engine_, actor_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("assign roles");
    const auto known = operation.rules().roles().find(role);
    if (!is_member || known == operation.rules().roles().end()) throw_not_found();
    operation.transaction().put_assignment({user, known->second.id, role, expires_at, actor_.id(), operation.now()});
    Json payload{{"role", role}, {"user", user.str()}};
    if (expires_at) payload["expiresAt"] = *expires_at;
    operation.audit().append("role.assigned", canonical_json(payload));
    operation.commit();
  });
}

std::vector<Assignment> RoleRepository::assignments(const UserId& user) const {
  return guarded(*engine_, actor_, Access::read, {"list", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("list who has which roles");
    auto found = operation.transaction().assignments(user);
    std::ranges::sort(found, {}, &Assignment::role_name);
    return found;
  });
}

bool RoleRepository::unassign(const UserId& user, const std::string& role) const {
  return guarded(*engine_, actor_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("take roles away");
    const auto known = operation.rules().roles().find(role);
    if (known == operation.rules().roles().end() || !operation.transaction().remove_assignment(user, known->second.id))
      return false;
    operation.audit().append("role.unassigned", canonical_json(Json{{"role", role}, {"user", user.str()}}));
    operation.commit();
    return true;
  });
}

}  // namespace struere
