// The entity types and roles of one scope. Only system actors and org admins may see or change them; for other actors
// it is permission_denied. The shapes are in access/definition.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/former_name.hpp"
#include "struere/model/role.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

// Both are cheap, immutable and safe to share between threads. A definition takes effect at the end of the call, in
// every thread and process. An operation that has begun finishes with the definitions that it began with.
class EntityTypeRepository {
 public:
  explicit EntityTypeRepository(Caller caller) : caller_(std::move(caller)) {}

  EntityType define(const Json& definition) const;  // creates it, or replaces the one with its slug
  void remove(const std::string& slug) const;       // conflict while entities, roles or references need it
  std::vector<EntityType> list() const;
  std::vector<FormerName> former_names() const;  // of the fields that packs renamed, in order

 private:
  Caller caller_;
};

// What RoleRepository::assign does with an expiry that has passed. To take it ends a role that the user has.
enum class PastExpiry { take, refuse };

class RoleRepository {
 public:
  explicit RoleRepository(Caller caller) : caller_(std::move(caller)) {}

  // Creates the role, or replaces the one with its name. It takes effect as written, and shows what its masks no longer
  // cover; a plan (definitions/definitions.hpp) would report that first.
  RoleRecord define(const Json& definition) const;
  void remove(const std::string& name) const;  // and its assignments
  std::vector<RoleRecord> list() const;

  // Assigns a role of this scope to a member; assigning it again changes the expiry. Throws not_found if the user is
  // not a member or the role does not exist, and invalid_data for an expiry that has passed if `past` says so: it is
  // mostly a mistake of whoever sends it, such as seconds for milliseconds.
  void assign(const UserId& user, const std::string& role, std::optional<Timestamp> expires_at = {},
              PastExpiry past = PastExpiry::take) const;
  std::vector<Assignment> assignments(const UserId& user) const;  // including expired ones; by role name
  bool unassign(const UserId& user, const std::string& role) const;

 private:
  Caller caller_;
};

}  // namespace struere
