// Members of an organization, and what both environments record of them (SPEC 7).
#include "actor/actor_resolver.hpp"
#include "repository/audit_logger.hpp"
#include "repository/engine.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/trusted_host.hpp"

namespace struere {

void TrustedHost::put_member(const OrganizationId& organization, const UserId& user, MembershipRole role) const {
  ActorResolver(*engine_->storage, *engine_->clock).require_organization(organization);
  if (!shared().find_user(user))
    throw Error(ErrorCode::not_found, "there is no such user; create it with TrustedHost::create_user");
  change_member(organization, user, role);
}

bool TrustedHost::remove_member(const OrganizationId& organization, const UserId& user) const {
  return shared().find_organization(organization) && change_member(organization, user, std::nullopt);
}

bool TrustedHost::change_member(const OrganizationId& organization, const UserId& user,
                                std::optional<MembershipRole> role) const {
  // Made before the transaction: these ask the storage themselves.
  const ActorResolver resolver(*engine_->storage, *engine_->clock);
  const ActorContext systems[] = {resolver.system_actor(organization, Environment::development),
                                  resolver.system_actor(organization, Environment::production)};
  const auto record = [&](Transaction& transaction, Environment environment, const std::optional<Membership>& before) {
    Json payload{{"user", user.str()}};
    if (role) payload["role"] = to_string(*role);
    if (before) payload["previousRole"] = to_string(before->role);
    if (!before || !role) {
      // A user who joins has no roles either: none that an older file or a race has left behind.
      Json lost = Json::array();
      for (const Assignment& assignment : transaction.assignments(user)) {
        transaction.remove_assignment(user, assignment.role);
        lost.push_back(assignment.role_name);
      }
      if (!role) payload["roles"] = std::move(lost);
    }
    const ActorContext& system = systems[environment == Environment::development ? 0 : 1];
    AuditLogger(transaction, system, *engine_->ids, engine_->time_of_write(transaction))
        .append(!role    ? "member.removed"
                : before ? "member.changed"
                         : "member.added",
                canonical_json(payload));
  };
  return shared().change_membership({organization, user, role, engine_->clock->now()}, record);
}

}  // namespace struere
