#include "struere/actor/trusted_host.hpp"

#include "core/text.hpp"
#include "storage/records.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

[[noreturn]] void no_organization() {
  throw Error(ErrorCode::not_found, "there is no such organization; create it with TrustedHost::create_organization");
}

std::string checked_text(const std::string& text, const char* what) {
  if (text.empty() || !is_text(text, longest_name))
    throw Error(ErrorCode::invalid_data, std::string(what) + " is valid UTF-8 of 1 to 200 bytes without U+0000");
  return text;
}

}  // namespace

ActorContext TrustedHost::system_actor(const OrganizationId& organization, Environment environment) const {
  if (!storage_->shared().find_organization(organization)) no_organization();
  return ActorContext({Scope(organization, environment), ActorType::system, "system", {}, false});
}

ActorContext TrustedHost::user_actor(const UserId& user, const OrganizationId& organization,
                                     Environment environment) const {
  const auto membership = storage_->shared().find_membership(organization, user);
  if (!membership)
    throw Error(ErrorCode::not_found,
                "this user is no member of that organization; add them with TrustedHost::put_member");
  const Scope scope(organization, environment);
  const Timestamp now = clock_->now();
  std::vector<ActorRole> roles;
  for (const Assignment& assignment : storage_->begin(scope, Access::read)->assignments(user))
    if (!assignment.expires_at || *assignment.expires_at > now)
      roles.push_back({assignment.role, assignment.role_name});
  return ActorContext(
      {scope, ActorType::user, user.str(), std::move(roles), membership->role == MembershipRole::admin});
}

ActorContext TrustedHost::agent_actor(const std::string& slug, const OrganizationId& organization,
                                      Environment environment) const {
  if (!storage_->shared().find_organization(organization)) no_organization();
  const Scope scope(organization, environment);
  const auto transaction = storage_->begin(scope, Access::read);
  const auto agent = find<Agent>(*transaction, "slug", slug);
  const auto configs =
      agent ? select<AgentConfig>(*transaction, {{}, {{"agent_id", {}, agent->id.str()}}, {"version"}, true, {}, 1})
            : std::vector<AgentConfig>();
  if (configs.empty() || agent->status != AgentStatus::active)
    throw Error(ErrorCode::not_found,
                "there is no such agent that is active and configured in this environment; see AgentRepository");
  std::vector<ActorRole> roles;
  for (const std::string& name : configs.front().roles)
    if (auto id = transaction->find_role(name)) roles.push_back({*std::move(id), name});
  return ActorContext({scope, ActorType::agent, agent->id.str(), std::move(roles), false});
}

Organization TrustedHost::create_organization(const std::string& name, std::optional<OrganizationId> id) const {
  const Timestamp now = clock_->now();
  Organization organization{
      id ? OrganizationId(checked_text(id->str(), "an organization's id")) : OrganizationId(ids_->next(now)),
      checked_text(name, "an organization's name"), now};
  storage_->shared().insert_organization(organization);
  return organization;
}

User TrustedHost::create_user(const std::string& name, std::optional<UserId> id) const {
  const Timestamp now = clock_->now();
  User user{id ? UserId(checked_text(id->str(), "a user's id")) : UserId(ids_->next(now)),
            checked_text(name, "a user's name"), now};
  storage_->shared().insert_user(user);
  return user;
}

std::vector<Organization> TrustedHost::organizations() const { return storage_->shared().organizations(); }

std::vector<Membership> TrustedHost::members(const OrganizationId& organization) const {
  return storage_->shared().memberships(organization);
}

void TrustedHost::put_member(const OrganizationId& organization, const UserId& user, MembershipRole role) const {
  if (!storage_->shared().find_organization(organization)) no_organization();
  if (!storage_->shared().find_user(user))
    throw Error(ErrorCode::not_found, "there is no such user; create it with TrustedHost::create_user");
  storage_->shared().put_membership({organization, user, role, clock_->now()});
}

bool TrustedHost::remove_member(const OrganizationId& organization, const UserId& user) const {
  return storage_->shared().remove_membership(organization, user);
}

StorageReport TrustedHost::check_storage() const { return storage_->check(); }

}  // namespace struere
