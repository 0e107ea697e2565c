// What only the host itself may do: be the system, speak for a user that it has authenticated, found organizations.
//
// This is the one door to a system actor: `grep -r TrustedHost` finds every place that has it. Never give one to code
// that acts for somebody.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/organization.hpp"
#include "struere/storage/storage.hpp"

namespace struere {

class TrustedHost {
 public:
  TrustedHost(Storage& storage, const Clock& clock, IdSource& ids) : storage_(&storage), clock_(&clock), ids_(&ids) {}

  // --- actors (SPEC 2). Error{not_found} where the organization is none, or the user no member of it.
  ActorContext system_actor(const OrganizationId& organization, Environment environment) const;
  ActorContext user_actor(const UserId& user, const OrganizationId& organization, Environment environment) const;

  // With the roles that the agent's configuration names there; it must be active, and have one.
  ActorContext agent_actor(const std::string& slug, const OrganizationId& organization, Environment environment) const;

  // --- records that both environments share. Ids may be those of an identity provider; without one, it is a UUIDv7.
  // Error{conflict} where an id is taken, Error{invalid_data} where one is empty, too long or not UTF-8.
  Organization create_organization(const std::string& name, std::optional<OrganizationId> id = {}) const;
  User create_user(const std::string& name, std::optional<UserId> id = {}) const;
  std::vector<Organization> organizations() const;
  std::vector<Membership> members(const OrganizationId& organization) const;
  void put_member(const OrganizationId& organization, const UserId& user,
                  MembershipRole role = MembershipRole::member) const;
  bool remove_member(const OrganizationId& organization, const UserId& user) const;

  // Of all organizations. lifecycle/doctor.hpp asks this and a lot more.
  StorageReport check_storage() const;

 private:
  Storage* storage_;
  const Clock* clock_;
  IdSource* ids_;
};

}  // namespace struere
