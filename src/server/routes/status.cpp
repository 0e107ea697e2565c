// Whether the server runs, and who asks.
#include <algorithm>

#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

Response health(const Call&) { return json_response({{"status", "ok"}}); }

Response me(const Call& call) {
  const ActorContext actor = call.session().actor();
  Json roles = Json::array();
  for (const ActorRole& role : actor.roles()) roles.push_back(role.name);
  Json organization{{"id", actor.organization().str()}};
  const auto known = call.services().database.trusted_host().organizations();
  const auto own = std::ranges::find(known, actor.organization(), &Organization::id);
  if (own != known.end()) organization["name"] = own->name;
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
  routes.push_back({.pattern = "/v1/me",
                    .summary = "Who asks: the organization, the environment, the actor and its roles",
                    .handler = me,
                    .answer = "Me"});
}

}  // namespace struere::server
