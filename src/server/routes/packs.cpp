// The packs of the environment: what is installed, a plan for a change, and carrying one out.
#include <algorithm>

#include "server/body_object.hpp"
#include "server/pack_json.hpp"
#include "server/plan_options.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"
#include "struere/definitions/definitions.hpp"
#include "struere/definitions/packs.hpp"

namespace struere::server {
namespace {

Json pack_json(const InstalledPack& pack) {
  return {{"id", pack.pack_id},          {"version", pack.version},          {"overrides", pack.overrides},
          {"history", pack.history},     {"installedBy", pack.installed_by}, {"installedAt", pack.installed_at},
          {"updatedAt", pack.updated_at}};
}

Response list_packs(const Call& call) {
  Json items = Json::array();
  for (const InstalledPack& pack : Packs(call.session()).list()) items.push_back(pack_json(pack));
  return json_response({{"items", std::move(items)}});
}

Response get_pack(const Call& call) {
  Json out = pack_json(call.session().packs().get(call.path("slug")));
  out["definitions"] = Packs(call.session()).definitions(call.path("slug")).to_json();
  return json_response(out);
}

PackPlan plan_of_pack(const Call& call, const BodyObject& body) {
  const Packs packs(call.session());
  const std::string action = body.required_string("action");
  const PackOptions options = pack_options_of(body);
  if (action == "install") return packs.plan_install(read_pack(body.required_text("pack")), options);
  if (action == "upgrade") return packs.plan_upgrade(read_pack(body.required_text("pack")), options);
  const std::string id = body.required_string("id");
  if (action == "repair") return packs.plan_repair(id, options);
  if (action == "uninstall") return packs.plan_uninstall(id, options);
  if (action == "customize") return packs.plan_customize(id, Definitions(call.session()).current(), options);
  throw Refusal(400, "malformed_request", "`action` must be install, upgrade, customize, repair or uninstall");
}

Json pack_plan_json(const PackPlan& plan) {
  Json out = plan.to_json();
  out["base"] = plan.definitions.base;
  out["changesRecord"] = plan.changes_record;
  return out;
}

Response plan_pack(const Call& call) {
  const BodyObject body(call.request().body, {"action", "pack", "id", "options"});
  return json_response(pack_plan_json(plan_of_pack(call, body)));
}

Response apply_pack(const Call& call) {
  const BodyObject body(call.request().body, {"action", "pack", "id", "options", "base"});
  const PackPlan plan = plan_of_pack(call, body);
  if (const auto base = body.string("base"); base && *base != plan.definitions.base)
    throw Error(ErrorCode::conflict, "the environment has changed since this plan was made; look at a new one");
  Packs(call.session()).apply(plan);
  return json_response(pack_plan_json(plan));
}

}  // namespace

void add_pack_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/packs",
                    .summary = "The installed packs of the environment",
                    .handler = list_packs,
                    .answer = "PackList"});
  routes.push_back({.pattern = "/v1/packs/{slug}",
                    .summary = "One installed pack, with its definitions",
                    .handler = get_pack,
                    .answer = "InstalledPack"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/packs/plan",
                    .summary = "What installing, upgrading, customizing, repairing or uninstalling a pack would change",
                    .handler = plan_pack,
                    .request = "PackRequest",
                    .answer = "PackPlan",
                    .body_bytes = most_definition_bytes});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/packs/apply",
                    .summary = "Carries such a plan out",
                    .handler = apply_pack,
                    .lane = Lane::write,
                    .request = "PackRequest",
                    .answer = "PackPlan",
                    .body_bytes = most_definition_bytes,
                    .idempotency = Idempotency::in_process});
}

}  // namespace struere::server
