// The members of an organization, and the events of their changes in both environments (SPEC 7).
#include "actor/actor_resolver.hpp"
#include "core/authority.hpp"
#include "repository/audit_logger.hpp"
#include "repository/engine.hpp"
#include "repository/keys_of_members.hpp"
#include "storage/people.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/trusted_host.hpp"

namespace struere {

void TrustedHost::put_member(const OrganizationId& organization, const UserId& user, MembershipRole role,
                             const std::optional<UserId>& by) const {
  ActorResolver(storage(), *engine_->clock).require_organization(organization);
  if (!find_user(storage(), user))
    throw Error(ErrorCode::not_found, "there is no such user; create it with TrustedHost::create_user");
  change_member(organization, user, role, by);
}

bool TrustedHost::remove_member(const OrganizationId& organization, const UserId& user,
                                const std::optional<UserId>& by) const {
  return find_organization(storage(), organization) && change_member(organization, user, std::nullopt, by);
}

namespace {

// Records a change of membership in one environment: the event, the removal of the user's roles, and the end of the
// user's keys.
void record_change(Transaction& transaction, EventAppender audit, const UserId& user,
                   const std::optional<MembershipRole>& role, const std::optional<Membership>& before, Timestamp now) {
  Json payload{{"user", user.str()}};
  if (role) payload["role"] = to_string(*role);
  if (before) payload["previousRole"] = to_string(before->role);
  if (!before || !role) {
    // A user that joins has no roles and no keys yet. Those that an older file, an adoption or a race left behind are
    // taken away, because the id may belong to somebody else by now.
    revoke_keys_made_by(transaction, audit, user, now);
    Json lost = Json::array();
    for (const Assignment& assignment : stored_assignments(transaction, user)) {
      remove_assignment(transaction, user, assignment.role);
      lost.push_back(assignment.role_name);
    }
    if (!role) payload["roles"] = std::move(lost);
  }
  audit.append(!role ? "member.removed" : before ? "member.changed" : "member.added", canonical_json(payload));
}

}  // namespace

bool TrustedHost::change_member(const OrganizationId& organization, const UserId& user,
                                std::optional<MembershipRole> role, const std::optional<UserId>& by) const {
  // The actors are made before the transaction begins, because the resolver begins its own.
  const ActorResolver resolver(storage(), *engine_->clock);
  const auto require_changer = [&](Transaction& transaction, const Scope& scope) {
    if (!by) return;
    const auto changer = find_membership(transaction, scope, *by);
    if (!changer || changer->role != MembershipRole::admin)
      throw Error(ErrorCode::permission_denied, "only an org admin changes the members of an organization");
  };
  retried([&] {
    const Scope scope(authority(), organization, Environment::development);
    require_changer(*storage().begin(scope, Access::read), scope);
  });
  const ActorContext actors[] = {resolver.user_or_system_actor(by, organization, Environment::development),
                                 resolver.user_or_system_actor(by, organization, Environment::production)};
  return retried([&] {
    const auto transaction = storage().begin_joint({actors[0].scope(), actors[1].scope()});
    require_changer(transaction->part(0), actors[0].scope());
    const auto before = find_membership(transaction->part(0), actors[0].scope(), user);
    if (before ? role == before->role : !role) return false;
    // Only the host could make an admin again.
    if (by == user && !has_other_admin(transaction->part(0), user))
      throw Error(ErrorCode::conflict,
                  "this user is the last admin of the organization; make another member an admin first, or let the "
                  "host do this");
    if (role)
      put_membership(transaction->part(0), {organization, user, *role, engine_->clock->now()});
    else
      remove_membership(transaction->part(0), user);
    for (std::size_t i = 0; i < std::size(actors); ++i) {
      Transaction& part = transaction->part(i);
      const Timestamp now = engine_->time_of_write(part);
      record_change(part, EventAppender(part, actors[i], *engine_->ids, now), user, role, before, now);
    }
    transaction->commit();
    return true;
  });
}

}  // namespace struere
