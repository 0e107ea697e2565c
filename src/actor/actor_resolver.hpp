// Makes actors from ids that the host passes (SPEC 2). Hosts use this class through TrustedHost.
//
// Each function is an operation of its own: it begins its own transactions, and runs again where the storage lost one
// (Error::is_retryable). A caller must have no transaction open, and need not call retried().
#pragma once

#include <optional>
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
  // The actor of `user`, or the system actor if no user is named.
  ActorContext user_or_system_actor(const std::optional<UserId>& user, const OrganizationId& organization,
                                    Environment environment) const;
  // Throws Error{not_found} if the agent is not active or has no configuration in this environment.
  ActorContext agent_actor(const std::string& slug, const OrganizationId& organization, Environment environment) const;

  // Throws Error{not_found} if the organization does not exist.
  void require_organization(const OrganizationId& organization) const;

 private:
  Storage& storage_;
  const Clock& clock_;
};

}  // namespace struere
