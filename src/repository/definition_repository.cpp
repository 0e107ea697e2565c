#include "struere/repository/definition_repository.hpp"

#include <algorithm>
#include <set>

#include "core/compiled_schemas.hpp"
#include "repository/checks.hpp"
#include "repository/definition_writer.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"

namespace struere {
namespace {

// Whether the definition has a schema that can be compiled. If not, the write says why, in the order of its checks.
bool compile_schema_of(const Json& definition) {
  JsonFault fault;
  const auto schema = definition.is_object() ? definition.find("schema") : definition.end();
  if (schema == definition.end() || !canonical_json(definition, fault)) return false;
  try {
    (void)CompiledSchemas::compile(canonical_json(*schema));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

EntityType EntityTypeRepository::define(const Json& definition) const {
  return CompiledSchemas::around(
      [&] { return caller_.actor().passes_policies() && compile_schema_of(definition); },
      [&](bool) {
        return guarded(caller_, Access::write, {"update", "entity-types"}, [&](GuardedOperation& operation) {
          operation.require_admin("define entity types");
          EntityType type = write_entity_type(operation, definition, operation.rules().types());
          operation.commit();
          return type;
        });
      });
}

void EntityTypeRepository::remove(const std::string& slug) const {
  const auto run = [&](Access access, auto&& body) {
    return guarded(caller_, access, {"delete", "entity-types"}, [&](GuardedOperation& operation) {
      operation.require_admin("remove entity types");
      return body(operation);
    });
  };
  CompiledSchemas::around(
      [&] {
        return run(Access::read, [&](GuardedOperation& operation) {
          if (operation.rules().find_type(slug)) compile_stored_schemas(operation);
          return true;
        });
      },
      [&](bool) {
        run(Access::write, [&](GuardedOperation& operation) {
          remove_entity_types(operation, {slug});
          operation.commit();
        });
      });
}

std::vector<EntityType> EntityTypeRepository::list() const {
  return guarded(caller_, Access::read, {"list", "entity-types"}, [&](GuardedOperation& operation) {
    operation.require_admin("list entity types");
    return operation.rules().types();
  });
}

std::vector<FormerName> EntityTypeRepository::former_names() const {
  return guarded(caller_, Access::read, {"list", "entity-types"}, [&](GuardedOperation& operation) {
    operation.require_admin("list the former names of fields");
    return operation.rules().former_names();
  });
}

RoleRecord RoleRepository::define(const Json& definition) const {
  return guarded(caller_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("define roles");
    std::set<std::string> touched;
    RoleRecord role = write_role(operation, definition, operation.rules().types(), touched);
    define_field_keys(operation.transaction(), touched);
    operation.commit();
    return role;
  });
}

void RoleRepository::remove(const std::string& name) const {
  guarded(caller_, Access::write, {"delete", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("remove roles");
    std::set<std::string> touched;
    remove_role(operation, name, touched);
    define_field_keys(operation.transaction(), touched);
    operation.commit();
  });
}

std::vector<RoleRecord> RoleRepository::list() const {
  return guarded(caller_, Access::read, {"list", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("list roles");
    auto roles = stored_roles(operation.transaction());
    std::ranges::sort(roles, {}, &RoleRecord::name);
    return roles;
  });
}

void RoleRepository::assign(const UserId& user, const std::string& role, std::optional<Timestamp> expires_at,
                            PastExpiry past) const {
  guarded(caller_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("assign roles");
    const auto known = operation.rules().roles().find(role);
    if (!find_membership(operation.transaction(), caller_.actor().scope(), user) ||
        known == operation.rules().roles().end())
      throw_not_found();
    if (past == PastExpiry::refuse) require_future(expires_at, operation.by_clock());
    put_assignment(operation.transaction(),
                   {user, known->second.id, role, expires_at, caller_.actor().id(), operation.now()});
    Json payload{{"role", role}, {"user", user.str()}};
    if (expires_at) payload["expiresAt"] = *expires_at;
    operation.audit().append("role.assigned", canonical_json(payload));
    operation.commit();
  });
}

std::vector<Assignment> RoleRepository::assignments(const UserId& user) const {
  return guarded(caller_, Access::read, {"list", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("list who has which roles");
    auto out = stored_assignments(operation.transaction(), user);
    for (Assignment& assignment : out)
      assignment.has_expired = assignment.expires_at && *assignment.expires_at <= operation.by_clock();
    return out;
  });
}

bool RoleRepository::unassign(const UserId& user, const std::string& role) const {
  return guarded(caller_, Access::write, {"update", "roles"}, [&](GuardedOperation& operation) {
    operation.require_admin("take roles away");
    const auto known = operation.rules().roles().find(role);
    if (known == operation.rules().roles().end() || !remove_assignment(operation.transaction(), user, known->second.id))
      return false;
    operation.audit().append("role.unassigned", canonical_json(Json{{"role", role}, {"user", user.str()}}));
    operation.commit();
    return true;
  });
}

}  // namespace struere
