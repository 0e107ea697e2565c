// Relations between entities.
#include "server/entity_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"

namespace struere::server {
namespace {

Response list_related(const Call& call) {
  const std::string direction = call.text("direction").value_or("forward");
  if (direction != "forward" && direction != "backward")
    throw Refusal(400, "malformed_request", "`direction` is forward or backward");
  RelatedQuery query;
  query.limit = call.integer("limit").value_or(query.limit);
  query.after = call.text("cursor");
  query.timeout = call.services().options.limits.query_time;
  return page_response(call.session().relations().related(
      EntityId(call.path("id")), call.path("type"),
      direction == "forward" ? RelationDirection::out : RelationDirection::in, query));
}

Response link_entities(const Call& call) {
  call.session().relations().link(EntityId(call.path("from")), call.path("type"), EntityId(call.path("to")));
  return no_content();
}

Response unlink_entities(const Call& call) {
  call.session().relations().unlink(EntityId(call.path("from")), call.path("type"), EntityId(call.path("to")));
  return no_content();
}

}  // namespace

void add_relation_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/relations/{id}/{type}",
                    .summary = "The entities at the far end of a relation, in the order in which they were created",
                    .handler = list_related,
                    .parameters = {{"direction", "forward (the default) or backward"},
                                   {"limit", "1 to 1000", "integer"},
                                   {"cursor", "Of the page before"}},
                    .answer = "EntityPage"});
  routes.push_back({.method = Method::put,
                    .pattern = "/v1/relations/{from}/{type}/{to}",
                    .summary = "Makes a relation; making it twice changes nothing",
                    .handler = link_entities,
                    .lane = Lane::write,
                    .status = 204});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/relations/{from}/{type}/{to}",
                    .summary = "Removes a relation, if there is one",
                    .handler = unlink_entities,
                    .lane = Lane::write,
                    .status = 204});
}

}  // namespace struere::server
