// Makes actors from ids that the host passes (SPEC 2). Hosts use this class through TrustedHost.
#pragma once

#include <string>

#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

class ActorResolver {
 public:
  ActorResolver(Storage& storage, const Clock& clock) : storage_(storage), clock_(clock) {}

  // Throws Error{not_found} if the organization does not exist.
  ActorContext system_actor(const OrganizationId& organization, Environment environment) const;
  // Throws Error{not_found} if the user is not a member.
  ActorContext user_actor(const UserId& user, const OrganizationId& organization, Environment environment) const;
  // Throws Error{not_found} if the agent is not active or has no configuration in this environment.
  ActorContext agent_actor(const std::string& slug, const OrganizationId& organization, Environment environment) const;

  // Throws Error{not_found} if the organization does not exist.
  void require_organization(const OrganizationId& organization) const;

 private:
  Storage& storage_;
  const Clock& clock_;
};

}  // namespace struere
