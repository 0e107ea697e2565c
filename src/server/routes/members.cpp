// The members of the organization, which both environments share, and their roles in one environment.
#include "server/body_object.hpp"
#include "server/organization_admin.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Json member_json(const Call& call, const Membership& member) {
  Json roles = Json::array(), assignments = Json::array();
  for (const Assignment& assignment : call.session().roles().assignments(member.user)) {
    if (!assignment.has_expired) roles.push_back(assignment.role_name);
    Json one{
        {"role", assignment.role_name}, {"grantedBy", assignment.granted_by}, {"createdAt", assignment.created_at}};
    if (assignment.expires_at) one["expiresAt"] = *assignment.expires_at;
    if (assignment.has_expired) one["expired"] = true;
    assignments.push_back(std::move(one));
  }
  return {{"id", member.user.str()},
          {"membership", to_string(member.role)},
          {"createdAt", member.created_at},
          {"roles", std::move(roles)},
          {"assignments", std::move(assignments)}};
}

UserId user_of(const Call& call) { return UserId(call.path("user")); }

Response list_members(const Call& call) {
  const MemberPage page = OrganizationAdmin(call).member_page(call.session().actor().environment(),
                                                              call.integer("limit").value_or(50), call.text("cursor"));
  Json out{{"items", Json::array()}};
  for (const Membership& member : page.members) out["items"].push_back(member_json(call, member));
  if (page.next) out["cursor"] = *page.next;
  return json_response(out);
}

Response get_member(const Call& call) {
  return json_response(member_json(call, OrganizationAdmin(call).member(user_of(call))));
}

Response put_member(const Call& call) {
  const OrganizationAdmin admin(call);
  const BodyObject body(call.request().body, {"membership", "name"});
  std::optional<MembershipRole> asked;
  if (const auto membership = body.string("membership")) {
    if (membership != "member" && membership != "admin")
      throw Refusal(400, "malformed_request", "`membership` must be member or admin");
    asked = membership == "admin" ? MembershipRole::admin : MembershipRole::member;
  }
  const MembershipRole now = admin.put_member(user_of(call), body.string("name").value_or(""), asked);
  return json_response({{"id", call.path("user")}, {"membership", to_string(now)}});
}

Response remove_member(const Call& call) {
  if (!OrganizationAdmin(call).remove_member(user_of(call)))
    throw Error(ErrorCode::not_found, "this user is not a member of the organization");
  return no_content();
}

Response assign_role(const Call& call) {
  std::optional<Timestamp> expires_at;
  if (!call.request().body.empty()) expires_at = BodyObject(call.request().body, {"expiresAt"}).integer("expiresAt");
  call.session().roles().assign(user_of(call), call.path("name"), expires_at, PastExpiry::refuse);
  return no_content();
}

Response unassign_role(const Call& call) {
  if (!call.session().roles().unassign(user_of(call), call.path("name")))
    throw Error(ErrorCode::not_found, "this user does not have this role");
  return no_content();
}

}  // namespace

void add_member_routes(std::vector<Route>& routes) {
  routes.push_back(
      {.pattern = "/v1/members",
       .summary = "The members of the organization by user id, with their roles in the environment",
       .handler = list_members,
       .parameters = {{"limit", "From 1 to 1000; default 50", "integer"}, {"cursor", "That of the page before"}},
       .answer = "MemberPage"});
  routes.push_back(
      {.pattern = "/v1/members/{user}", .summary = "One member", .handler = get_member, .answer = "Member"});
  routes.push_back({.method = Method::put,
                    .pattern = "/v1/members/{user}",
                    .summary = "Makes a user a member in both environments, or changes what a member is",
                    .handler = put_member,
                    .lane = Lane::write,
                    .request = "NewMember",
                    .answer = "Member"});
  routes.push_back(
      {.method = Method::remove,
       .pattern = "/v1/members/{user}",
       .summary = "Removes a member, with the roles and keys in both environments and the sessions as an operator",
       .handler = remove_member,
       .lane = Lane::write,
       .status = 204});
  routes.push_back({.method = Method::put,
                    .pattern = "/v1/roles/{name}/assignments/{user}",
                    .summary = "Assigns a role to a member in the environment",
                    .handler = assign_role,
                    .lane = Lane::write,
                    .request = "NewAssignment",
                    .status = 204});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/roles/{name}/assignments/{user}",
                    .summary = "Takes a role away from a member",
                    .handler = unassign_role,
                    .lane = Lane::write,
                    .status = 204});
}

}  // namespace struere::server
