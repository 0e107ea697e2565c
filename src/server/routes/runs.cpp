// The runs of triggers.
#include <algorithm>
#include <array>

#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/triggers/trigger_repository.hpp"

namespace struere::server {
namespace {

TriggerRunStatus run_status_of(std::string_view word) {
  constexpr std::array all{TriggerRunStatus::pending, TriggerRunStatus::running, TriggerRunStatus::completed,
                           TriggerRunStatus::dead, TriggerRunStatus::cancelled};
  const auto* const found = std::ranges::find(all, word, [](TriggerRunStatus each) { return to_string(each); });
  if (found == all.end())
    throw Refusal(400, "malformed_request", "`status` must be pending, running, completed, dead or cancelled");
  return *found;
}

Response list_runs(const Call& call) {
  TriggerRunQuery query;
  query.trigger = call.text("trigger");
  query.after = call.text("cursor");
  query.limit = call.integer("limit").value_or(query.limit);
  if (const auto entity = call.text("entity")) query.entity = EntityId(*entity);
  if (const auto status = call.text("status")) query.status = run_status_of(*status);
  const TriggerRunPage page = call.session().triggers().runs(query);
  Json out{{"items", Json::array()}};
  for (const TriggerRun& run : page.runs) out["items"].push_back(run.to_json());
  if (page.next) out["cursor"] = *page.next;
  return json_response(out);
}

TriggerRunId run_id_of(const Call& call) { return TriggerRunId(call.path("id")); }

Response get_run(const Call& call) {
  const TriggerRun run = call.session().triggers().run(run_id_of(call));
  Json out = run.to_json();
  out["definition"] = run.definition;
  out["input"] = run.input;
  out["steps"] = run.steps;
  out["depth"] = run.depth;
  return json_response(out);
}

Response retry_run(const Call& call) {
  call.session().triggers().retry(run_id_of(call));
  return json_response(call.session().triggers().run(run_id_of(call)).to_json());
}

Response cancel_run(const Call& call) {
  call.session().triggers().cancel(run_id_of(call));
  return json_response(call.session().triggers().run(run_id_of(call)).to_json());
}

}  // namespace

void add_run_routes(std::vector<Route>& routes) {
  routes.push_back({.pattern = "/v1/runs",
                    .summary = "One page of the runs of triggers, by when they are due",
                    .handler = list_runs,
                    .parameters = {{"trigger", "Only runs of this trigger"},
                                   {"entity", "Only runs that this entity's writes triggered"},
                                   {"status", "Only runs with this status"},
                                   {"limit", "From 1 to 1000; default 50", "integer"},
                                   {"cursor", "That of the page before"}},
                    .answer = "RunPage"});
  routes.push_back(
      {.pattern = "/v1/runs/{id}", .summary = "One run, with its steps", .handler = get_run, .answer = "Run"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/runs/{id}/retry",
                    .summary = "Continues a dead run with the step that failed",
                    .handler = retry_run,
                    .lane = Lane::write,
                    .answer = "Run",
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/runs/{id}/cancel",
                    .summary = "Cancels a pending run",
                    .handler = cancel_run,
                    .lane = Lane::write,
                    .answer = "Run",
                    .idempotency = Idempotency::in_commit});
}

}  // namespace struere::server
