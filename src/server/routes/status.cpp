// Whether the server runs, and who asks.
#include <algorithm>
#include <array>
#include <string_view>

#include "server/application.hpp"
#include "server/reference.hpp"
#include "server/routes/all_routes.hpp"
#include "server/who_asks.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Response health(const Call&) { return json_response({{"status", "ok"}}); }

Response ready(const Call& call) {
  call.services().database.trusted_host().require_storage();
  return json_response({{"status", "ok"}});
}

// Compares in a time that does not depend on where the texts differ.
bool is_equal(std::string_view a, std::string_view b) noexcept {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  return difference == 0 && !b.empty();
}

// Proxies add one of these.
constexpr std::array<std::string_view, 6> proxy_headers{"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
                                                        "x-real-ip",       "forwarded",        "via"};

Response metrics(const Call& call) {
  const Request& request = call.request();
  const auto& token = call.services().options.metrics_token;
  const auto given = request.header("authorization");
  const bool has_token = token && given && given->starts_with("Bearer ") && is_equal(given->substr(7), *token);
  // A proxy on this machine speaks for clients elsewhere.
  const bool is_local = request.is_loopback && std::ranges::none_of(proxy_headers, [&](std::string_view name) {
                          return request.header(name).has_value();
                        });
  if (!has_token && !is_local) throw Error(ErrorCode::unauthenticated, "give the token of --metrics-token");
  Metrics& counts = call.services().application->metrics();
  counts.streams = static_cast<std::int64_t>(call.services().streams->open());
  const TrustedHost host = call.services().database.trusted_host();
  std::optional<std::size_t> due;
  try {
    due = host.environments_with_due_runs();
  } catch (const Error&) {  // a database that fails must not hide the other counts
  }
  return text_response(counts.text() + text_of(host.activity(), due), "text/plain; version=0.0.4; charset=utf-8");
}

// With the schemas of entity types if the key may read definitions.
Response openapi(const Call& call) {
  std::vector<EntityType> types;
  if (call.request().header("authorization") || call.request().header("cookie")) {
    const Session session = who_asks(call.request(), call.services(), true).session;
    if (session.actor().passes_policies() && !session.actor().restriction()) types = session.entity_types().list();
  }
  return json_response(open_api(call.services().application->routes().routes(), types));
}

Response me(const Call& call) {
  const ActorContext actor = call.session().actor();
  Json roles = Json::array();
  for (const ActorRole& role : actor.roles()) roles.push_back(role.name);
  Json organization{{"id", actor.organization().str()}};
  if (const auto own = call.services().database.trusted_host().organization(actor.organization()))
    organization["name"] = own->name;
  Json out{{"organization", std::move(organization)},
           {"environment", to_string(actor.environment())},
           {"actorType", to_string(actor.type())},
           {"actorId", actor.id()},
           {"roles", std::move(roles)},
           {"isOrgAdmin", actor.is_org_admin()},
           {"operator", call.asker().operator_session.has_value()}};
  if (call.asker().viewed_as) out["viewedAs"] = *call.asker().viewed_as;
  return json_response(out);
}

}  // namespace

void add_status_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/healthz",
                    .summary = "Says that the process answers",
                    .handler = health,
                    .lane = Lane::brief,
                    .access = Access::open,
                    .answer = "Health"});
  routes.push_back({.pattern = "/readyz",
                    .summary = "Says that the database is in its place",
                    .handler = ready,
                    .access = Access::open,
                    .answer = "Health"});
  routes.push_back({.pattern = "/metrics",
                    .summary = "Counts for Prometheus, for this machine or with a token",
                    .handler = metrics,
                    .access = Access::open,
                    .answer_type = "text/plain"});
  routes.push_back({.pattern = "/v1/openapi.json",
                    .summary = "This reference as OpenAPI 3.1, with the schemas of entity types for who may read them",
                    .handler = openapi,
                    .access = Access::open,
                    .parameters = {{"environment", "Required of an operator"}}});
  routes.push_back({.pattern = "/v1/me",
                    .summary = "Who asks: the organization, the environment, the actor and its roles",
                    .handler = me,
                    .answer = "Me"});
}

}  // namespace struere::server
