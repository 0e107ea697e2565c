// What an actor may do, and why.
#include "server/body_object.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/who_asks.hpp"

namespace struere::server {
namespace {

Action action_of(const BodyObject& body) {
  const auto action = parse_action(body.required_string("action"));
  if (!action) throw Refusal(400, "malformed_request", "`action` is create, read, update, delete or list");
  return *action;
}

Response decide(const Call& call) {
  const BodyObject body(call.request().body, {"action", "resource"});
  const Decision decision = call.session().can(action_of(body), body.required_string("resource"));
  Json out{{"allowed", decision.allowed()}, {"reason", decision.reason()}, {"considered", decision.considered()}};
  if (const auto& deciding = decision.policy())
    out["policy"] = {{"role", deciding->role},
                     {"resource", deciding->policy.resource},
                     {"action", deciding->policy.action ? to_string(*deciding->policy.action) : "*"},
                     {"effect", to_string(deciding->policy.effect)}};
  return json_response(out);
}

Response explain_decision(const Call& call) {
  const BodyObject body(call.request().body, {"about", "action", "resource", "id", "write"});
  const Session about = call.session().impersonate(read_actor_name(body.required_string("about")));
  std::optional<ProposedWrite> write;
  if (body.has("write")) {
    const BodyObject proposed(body.required_text("write"), {"data", "status"});
    write = ProposedWrite{proposed.json("data").value_or(Json::object()), proposed.string("status")};
  }
  std::optional<EntityId> id;
  if (const auto text = body.string("id")) id = EntityId(*text);
  const Explanation found = call.session().explain(about, action_of(body), body.required_string("resource"), id, write);
  Json out = found.to_json();
  out["text"] = found.text();
  return json_response(out);
}

}  // namespace

void add_access_routes(std::vector<Route>& routes) {
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/can",
                    .summary = "Whether the policies allow an action on a resource at all",
                    .handler = decide,
                    .request = "Question",
                    .answer = "Decision"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/explain",
                    .summary = "Why an actor may or may not do something, for org admins",
                    .handler = explain_decision,
                    .request = "ExplainedQuestion",
                    .answer = "Explanation"});
}

}  // namespace struere::server
