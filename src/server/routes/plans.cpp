// Definitions as a whole: the current set, plans, a sync to development, deploys to production, releases, rollbacks.
//
// A plan is shown, then carried out: the second request computes it again, and its `base` refuses an environment that
// has changed in between. A deploy takes its definitions from development, whose changes `definitions` refuses.
#include <charconv>

#include "server/body_object.hpp"
#include "server/organization_admin.hpp"
#include "server/plan_options.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"
#include "struere/definitions/definitions.hpp"

namespace struere::server {
namespace {

Json plan_json(const ChangePlan& plan) {
  Json out = plan.to_json();
  out["base"] = plan.base;
  return out;
}

void require_as_shown(const BodyObject& body, const ChangePlan& plan) {
  if (const auto base = body.string("base"); base && *base != plan.base)
    throw Error(ErrorCode::conflict, "the environment has changed since this plan was made; look at a new one");
}

void require_confirmation(const BodyObject& body) {
  if (body.string("confirm") != "production")
    throw Refusal(400, "confirmation_missing", "add \"confirm\": \"production\" to change production");
}

Json release_json(const Release& release) {
  Json out{{"number", release.number},
           {"note", release.note},
           {"createdByType", release.created_by_type},
           {"createdBy", release.created_by},
           {"createdAt", release.created_at},
           {"changes", release.changes}};
  if (release.restores) out["restores"] = *release.restores;
  return out;
}

std::int64_t release_number(const Call& call) {
  const std::string& text = call.path("number");
  std::int64_t out = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (fault != std::errc() || end != text.data() + text.size())
    throw Refusal(400, "malformed_request", "a release is named by its number");
  return out;
}

Session production_of(const Call& call) {
  if (call.session().actor().environment() != Environment::production)
    throw Refusal(400, "contradictory_environment", "releases belong to production; use ?environment=production");
  return call.session();
}

// From the body, or what development holds.
DefinitionSet wanted_definitions(const Call& call, const BodyObject& body) {
  if (auto given = definitions_in(body)) return *std::move(given);
  if (call.session().actor().environment() != Environment::production)
    throw Refusal(400, "malformed_request", "`definitions` is missing: development is brought to what you send");
  return Definitions(OrganizationAdmin(call).session(Environment::development)).current();
}

Response current_definitions(const Call& call) {
  return json_response(Definitions(call.session()).current().to_json());
}

Response is_held(const Call& call) {
  const auto type = call.text("type"), field = call.text("field");
  const auto path = FieldPath::parse(field.value_or(""));
  if (!type || !path) throw Refusal(400, "malformed_request", "give `type`, and `field` as a path such as data.secret");
  return json_response({{"held", Definitions(call.session()).held_fields()(*type, *path)}});
}

Response plan_definitions(const Call& call) {
  const BodyObject body(call.request().body, {"definitions", "options"});
  const Definitions definitions(call.session());
  return json_response(plan_json(definitions.plan(wanted_definitions(call, body), plan_options_of(body))));
}

Response apply_definitions(const Call& call) {
  const BodyObject body(call.request().body, {"definitions", "options", "base"});
  if (call.session().actor().environment() != Environment::development)
    throw Refusal(400, "contradictory_environment", "production changes by a deploy: POST /v1/definitions/deploy");
  const Definitions definitions(call.session());
  const ChangePlan plan = definitions.plan(wanted_definitions(call, body), plan_options_of(body));
  require_as_shown(body, plan);
  definitions.apply(plan);
  return json_response(plan_json(plan));
}

Response deploy_definitions(const Call& call) {
  const BodyObject body(call.request().body, {"confirm", "note", "options", "base", "definitions"});
  require_confirmation(body);
  const Definitions production(production_of(call));
  const DefinitionSet development = Definitions(OrganizationAdmin(call).session(Environment::development)).current();
  const auto shown = definitions_in(body);
  if (body.has("base") && !shown)
    throw Refusal(400, "malformed_request",
                  "`base` needs `definitions`, those of development that the plan was made of");
  if (shown && *shown != development)
    throw Error(ErrorCode::conflict, "development has changed since this plan was made; look at a new one");
  const ChangePlan plan = production.plan(development, plan_options_of(body));
  require_as_shown(body, plan);
  return json_response(release_json(production.deploy(plan, body.string("note").value_or(""))), 201);
}

Response list_releases(const Call& call) {
  Json items = Json::array();
  for (const Release& release : Definitions(production_of(call)).releases()) items.push_back(release_json(release));
  return json_response({{"items", std::move(items)}});
}

Response get_release(const Call& call) {
  const Release release = Definitions(production_of(call)).release(release_number(call));
  Json out = release_json(release);
  out["definitions"] = release.definitions;
  return json_response(out);
}

Response plan_rollback(const Call& call) {
  const BodyObject body(call.request().body, {"options"});
  return json_response(
      plan_json(Definitions(production_of(call)).plan_rollback(release_number(call), plan_options_of(body))));
}

Response roll_back(const Call& call) {
  const BodyObject body(call.request().body, {"confirm", "note", "options", "base"});
  require_confirmation(body);
  const Definitions production(production_of(call));
  const ChangePlan plan = production.plan_rollback(release_number(call), plan_options_of(body));
  require_as_shown(body, plan);
  return json_response(release_json(production.deploy(plan, body.string("note").value_or(""))), 201);
}

}  // namespace

void add_plan_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/definitions",
                    .summary = "All definitions of the environment",
                    .handler = current_definitions,
                    .answer = "DefinitionSet"});
  routes.push_back({.pattern = "/v1/definitions/held",
                    .summary = "Whether stored rows or events have a field, so that a mask may name it",
                    .handler = is_held,
                    .parameters = {{"type", "An entity type"}, {"field", "A path such as data.secret"}},
                    .answer = "HeldField"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/definitions/plan",
                    .summary = "What would change: to the definitions sent, or, in production, to those of development",
                    .handler = plan_definitions,
                    .request = "PlanRequest",
                    .answer = "Plan",
                    .body_bytes = most_definition_bytes});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/definitions/apply",
                    .summary = "Brings development to the definitions sent",
                    .handler = apply_definitions,
                    .lane = Lane::write,
                    .request = "ApplyRequest",
                    .answer = "Plan",
                    .body_bytes = most_definition_bytes,
                    .idempotency = Idempotency::in_process});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/definitions/deploy",
                    .summary = "Promotes what development holds to production, as a release",
                    .handler = deploy_definitions,
                    .lane = Lane::write,
                    .request = "DeployRequest",
                    .answer = "Release",
                    .status = 201,
                    .body_bytes = most_definition_bytes,
                    .idempotency = Idempotency::in_process});
  routes.push_back({.pattern = "/v1/releases",
                    .summary = "What was deployed to production, newest first",
                    .handler = list_releases,
                    .answer = "ReleaseList"});
  routes.push_back({.pattern = "/v1/releases/{number}",
                    .summary = "One release, with its definitions",
                    .handler = get_release,
                    .answer = "Release"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/releases/{number}/plan",
                    .summary = "What bringing production back to a release would change",
                    .handler = plan_rollback,
                    .request = "PlanRequest",
                    .answer = "Plan"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/releases/{number}/rollback",
                    .summary = "Brings production back to a release, as a new release",
                    .handler = roll_back,
                    .lane = Lane::write,
                    .request = "DeployRequest",
                    .answer = "Release",
                    .status = 201,
                    .idempotency = Idempotency::in_process});
}

}  // namespace struere::server
