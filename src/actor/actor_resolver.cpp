#include "actor/actor_resolver.hpp"

#include "core/authority.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"

namespace struere {

void ActorResolver::require_organization(const OrganizationId& organization) const {
  if (!find_organization(storage_, organization))
    throw Error(ErrorCode::not_found, "there is no such organization; create it with TrustedHost::create_organization");
}

ActorContext ActorResolver::system_actor(const OrganizationId& organization, Environment environment) const {
  require_organization(organization);
  return ActorContext(authority(), {Scope(authority(), organization, environment), ActorType::system, "system", {}});
}

ActorContext ActorResolver::user_actor(const UserId& user, const OrganizationId& organization,
                                       Environment environment) const {
  const Scope scope(authority(), organization, environment);
  return retried([&] {
    const auto transaction = storage_.begin(scope, Access::read);
    const auto membership = find_membership(*transaction, scope, user);
    if (!membership)
      throw Error(ErrorCode::not_found,
                  "this user is not a member of the organization; add them with TrustedHost::put_member");
    const Timestamp now = clock_.now();
    std::vector<ActorRole> roles;
    for (const Assignment& assignment : stored_assignments(*transaction, user))
      if (!assignment.expires_at || *assignment.expires_at > now)
        roles.push_back({assignment.role, assignment.role_name});
    return ActorContext(
        authority(), {scope, ActorType::user, user.str(), std::move(roles), membership->role == MembershipRole::admin});
  });
}

ActorContext ActorResolver::user_or_system_actor(const std::optional<UserId>& user, const OrganizationId& organization,
                                                 Environment environment) const {
  return user ? user_actor(*user, organization, environment) : system_actor(organization, environment);
}

ActorContext ActorResolver::agent_actor(const std::string& slug, const OrganizationId& organization,
                                        Environment environment) const {
  require_organization(organization);
  const Scope scope(authority(), organization, environment);
  return retried([&] {
    const auto transaction = storage_.begin(scope, Access::read);
    const auto agent = find<Agent>(*transaction, "slug", slug);
    const auto configs =
        agent ? select<AgentConfig>(*transaction, {{}, {{"agent_id", {}, agent->id.str()}}, {"version"}, true, {}, 1})
              : std::vector<AgentConfig>();
    if (configs.empty() || configs.front().status != AgentStatus::active)
      throw Error(ErrorCode::not_found,
                  "this environment has no active agent with this slug; see AgentRepository::configure");
    std::vector<ActorRole> roles;
    for (const std::string& name : configs.front().roles)
      if (auto id = find_role(*transaction, name)) roles.push_back({*std::move(id), name});
    return ActorContext(authority(), {scope, ActorType::agent, agent->id.str(), std::move(roles)});
  });
}

}  // namespace struere
