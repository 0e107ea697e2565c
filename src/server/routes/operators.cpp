// Signing in and out, and who is signed in.
#include "server/body_object.hpp"
#include "server/organization_admin.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/sign_in.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Response sign_in(const Call& call) {
  const BodyObject body(call.request().body, {"token", "client"});
  const std::string client = body.string("client").value_or("browser");
  if (client != "browser" && client != "cli")
    throw Refusal(400, "malformed_request", "`client` must be browser or cli");
  const ServerOptions& options = call.services().options;
  const bool is_browser = client == "browser";
  if (is_browser) require_same_origin(call.request());  // or another site signs the browser in as somebody else
  const OperatorSecret made = call.services().database.trusted_host().operator_sessions().redeem(
      body.required_string("token"), is_browser ? options.browser_session : options.cli_session);
  Json out{{"user", made.session.user.str()},
           {"organization", made.session.organization.str()},
           {"expiresAt", made.session.expires_at}};
  if (!is_browser) out["secret"] = made.secret;
  Response response = json_response(out, 201);
  if (is_browser) response.headers.emplace_back("Set-Cookie", session_cookie(made));
  return response;
}

Operator require_operator(const Call& call) {
  auto person = find_operator(call.request(), call.services());
  if (!person)
    throw Error(ErrorCode::unauthenticated, "nobody is signed in; open a link of `struere operators invite`");
  return *std::move(person);
}

Response who_is_signed_in(const Call& call) {
  const Operator person = require_operator(call);
  const TrustedHost host = call.services().database.trusted_host();
  if (!host.member(person.organization, person.user))  // the host's own sign-in may know other people
    throw Error(ErrorCode::permission_denied, "you are not a member of this organization");
  Json organization{{"id", person.organization.str()}};
  if (const auto own = host.organization(person.organization)) organization["name"] = own->name;
  Json out{{"user", {{"id", person.user.str()}}}, {"organizations", Json::array({std::move(organization)})}};
  if (person.session) out["expires"] = person.session->expires_at;
  return json_response(out);
}

Response sign_out(const Call& call) {
  const Operator person = require_operator(call);
  if (person.is_ambient) require_same_origin(call.request());
  if (!person.session) throw Refusal(409, "conflict", "the sign-in belongs to another system; sign out there");
  call.services().database.trusted_host().operator_sessions().end(person.secret);
  Response response = no_content();
  response.headers.emplace_back("Set-Cookie", ended_cookie());
  response.headers.emplace_back("Clear-Site-Data", "\"cache\", \"cookies\", \"storage\"");
  return response;
}

Response list_operators(const Call& call) {
  Json items = Json::array();
  for (const OperatorSession& session : OrganizationAdmin(call).operators())
    items.push_back({{"id", session.id.str()},
                     {"user", session.user.str()},
                     {"kind", to_string(session.kind)},
                     {"createdAt", session.created_at},
                     {"lastSeenAt", session.last_seen_at},
                     {"expiresAt", session.expires_at}});
  return json_response({{"items", std::move(items)}});
}

Response invite_operator(const Call& call) {
  const OrganizationAdmin admin(call);
  const BodyObject body(call.request().body, {"user"});
  const OperatorSecret made = admin.invite(UserId(body.required_string("user")));
  return json_response({{"user", made.session.user.str()},
                        {"token", made.secret},
                        {"path", "/sign-in?token=" + made.secret},
                        {"expiresAt", made.session.expires_at}},
                       201);
}

Response sign_operator_out(const Call& call) {
  return json_response({{"ended", OrganizationAdmin(call).sign_out(UserId(call.path("user")))}});
}

}  // namespace

void add_operator_routes(std::vector<Route>& routes) {
  routes.push_back(
      {.method = Method::post,
       .pattern = "/v1/operator/session",
       .summary = "Signs in with the token of a one-time link: sets a cookie, or answers a secret to `cli`",
       .handler = sign_in,
       .lane = Lane::write,
       .access = Access::open,
       .request = "SignIn",
       .answer = "SignedIn",
       .status = 201,
       .body_bytes = 4096,  // of nobody in particular, so a body takes little room
       .lost_answer = "Ask for another link"});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/operator/session",
                    .summary = "Signs out",
                    .handler = sign_out,
                    .lane = Lane::write,
                    .access = Access::open,
                    .status = 204});
  routes.push_back({.pattern = "/v1/operator",
                    .summary = "Who is signed in",
                    .handler = who_is_signed_in,
                    .access = Access::open,
                    .answer = "SignedInOperator"});
  routes.push_back({.pattern = "/v1/operators",
                    .summary = "Who is signed in to the organization, or invited",
                    .handler = list_operators,
                    .answer = "OperatorList"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/operators",
                    .summary = "Invites a member by a one-time link, valid for 15 minutes",
                    .handler = invite_operator,
                    .lane = Lane::write,
                    .request = "NewOperator",
                    .answer = "Invitation",
                    .status = 201,
                    .lost_answer = "Invite the member again, which ends the link that was lost",
                    .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/operators/{user}",
                    .summary = "Ends all sessions and invitations of a member",
                    .handler = sign_operator_out,
                    .lane = Lane::write,
                    .answer = "EndedSessions"});
}

}  // namespace struere::server
