#include "server/organization_admin.hpp"

#include <vector>

#include "server/storage_reports.hpp"
#include "struere/core/error.hpp"
#include "struere/operations/copy.hpp"

namespace struere::server {
namespace {

Action action_of(Method method) {
  switch (method) {
    case Method::get: return Action::read;
    case Method::post: return Action::create;
    case Method::put:
    case Method::patch: return Action::update;
    case Method::remove: return Action::remove;
  }
  return Action::update;
}

}  // namespace

OrganizationAdmin::OrganizationAdmin(const Call& call)
    : database_(call.services().database), storage_reports_(*call.services().storage_reports) {
  const ActorContext actor = call.session().actor();
  if (actor.type() != ActorType::user || !actor.is_org_admin() || actor.impersonated_by()) {
    const auto& segments = call.request().segments;  // v1, members, …
    call.session().audit().record_denial(action_of(call.request().method), segments.size() > 1 ? segments[1] : "");
    throw Error(ErrorCode::permission_denied, "only an org admin who is signed in may do this");
  }
  organization_ = actor.organization();
  user_ = UserId(actor.id());
}

MemberPage OrganizationAdmin::member_page(Environment environment, std::int64_t limit,
                                          const std::optional<std::string>& cursor) const {
  return database_.trusted_host().member_page(organization_, environment, limit, cursor);
}

Membership OrganizationAdmin::member(const UserId& user) const {
  if (auto found = database_.trusted_host().member(organization_, user)) return *std::move(found);
  throw Error(ErrorCode::not_found, "this user is not a member of the organization");
}

MembershipRole OrganizationAdmin::put_member(const UserId& user, const std::string& name,
                                             std::optional<MembershipRole> role) const {
  const TrustedHost host = database_.trusted_host();
  const auto found = host.member(organization_, user);
  if (found && !role) return found->role;
  try {
    host.create_user(name.empty() ? user.str() : name, user);
  } catch (const Error& error) {  // the user exists, perhaps in another organization
    if (error.code() != ErrorCode::conflict) throw;
  }
  const MembershipRole now = role.value_or(MembershipRole::member);
  host.put_member(organization_, user, now, user_);
  return now;
}

bool OrganizationAdmin::remove_member(const UserId& user) const {
  return database_.trusted_host().remove_member(organization_, user, user_);
}

Session OrganizationAdmin::session(Environment environment) const {
  return database_.trusted_host().user_session(user_, organization_, environment);
}

std::vector<Finding> OrganizationAdmin::examine() const {
  DoctorOptions options;
  options.organization = organization_;
  const auto storage = storage_reports_.current(database_);
  options.storage = storage.get();
  auto out = struere::examine(database_, options);
  std::erase_if(out, [&](const Finding& finding) { return finding.organization != organization_; });
  return out;
}

void OrganizationAdmin::back_up(const std::filesystem::path& file) const {
  CopyOptions options;
  options.organization = organization_;
  options.keep_names = false;  // another organization may have given them
  copy_database(database_, Database::open(file.string()), options);
}

std::vector<OperatorSession> OrganizationAdmin::operators() const {
  return database_.trusted_host().operator_sessions().list(organization_);
}

OperatorSecret OrganizationAdmin::invite(const UserId& user) const {
  return database_.trusted_host().operator_sessions().invite(organization_, user, user_);
}

std::int64_t OrganizationAdmin::sign_out(const UserId& user) const {
  return database_.trusted_host().operator_sessions().end_all(organization_, user, user_);
}

}  // namespace struere::server
