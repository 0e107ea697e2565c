#include "cli/remote_json.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace struere::cli {
namespace {

constexpr std::array obstacle_kinds{
    Obstacle::Kind::entities_of_removed_type,      Obstacle::Kind::data_violates_schema,
    Obstacle::Kind::assignments_of_removed_role,   Obstacle::Kind::data_breaks_unique_key,
    Obstacle::Kind::masked_values_shown,           Obstacle::Kind::holds_writers,
    Obstacle::Kind::definition_reads_changed_field};

}  // namespace

std::optional<std::string> text_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? std::optional(found->get<std::string>()) : std::nullopt;
}
std::optional<Timestamp> time_in(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_integer() ? std::optional(found->get<Timestamp>()) : std::nullopt;
}

Entity entity_of(const std::string& type, const Json& json) {
  EntityRow row{EntityId(json.at("id").get<std::string>()),
                SharedText(canonical_json(json.value("data", Json::object()))),
                json.value("version", std::int64_t{0}),
                text_in(json, "status"),
                time_in(json, "createdAt"),
                time_in(json, "updatedAt"),
                {}};
  // What a redaction put in the place of these.
  for (const char* const name : {"status", "createdAt", "updatedAt"}) {
    const auto found = json.find(name);
    const bool is_usual =
        found == json.end() || (std::string_view(name) == "status" ? found->is_string() : found->is_number_integer());
    if (!is_usual) row.replaced[name] = *found;
  }
  return {type, std::move(row)};
}

Written written_of(const std::string& type, const Json& json) {
  Written out{EntityId(json.at("id").get<std::string>()), {}};
  if (json.contains("data")) out.row = entity_of(type, json);
  return out;
}

Event event_of(const Json& json) {
  EventRecord out;
  out.id = EventId(json.at("id").get<std::string>());
  out.type = json.at("type");
  out.entity = text_in(json, "entityId");
  out.actor_type = json.at("actorType");
  out.actor_id = json.at("actorId");
  out.payload = canonical_json(json.value("payload", Json::object()));
  out.created_at = json.at("createdAt");
  if (const auto by = json.find("impersonatedBy"); by != json.end() && by->is_object())
    out.impersonated_by = ActorName{by->at("actorType"), by->at("actorId")};
  out.trace_id = text_in(json, "traceId");
  return Event(std::move(out));
}

ApiKey key_of(const Json& json) {
  ApiKey out;
  out.id = ApiKeyId(json.at("id").get<std::string>());
  out.name = json.at("name");
  out.display_prefix = json.at("prefix");
  out.roles = json.at("roles").get<std::vector<std::string>>();
  out.kind = json.value("kind", "agent") == "webhook" ? ApiKeyKind::webhook : ApiKeyKind::agent;
  out.created_at = json.at("createdAt");
  out.expires_at = time_in(json, "expiresAt");
  out.revoked_at = time_in(json, "revokedAt");
  out.last_used_at = time_in(json, "lastUsedAt");
  out.ended_with_maker = json.value("endedWithMaker", false);
  return out;
}

TriggerRun run_of(const Json& json) {
  constexpr std::array statuses{TriggerRunStatus::pending, TriggerRunStatus::running, TriggerRunStatus::completed,
                                TriggerRunStatus::dead, TriggerRunStatus::cancelled};
  TriggerRun out;
  out.id = TriggerRunId(json.at("id").get<std::string>());
  out.trigger = json.at("trigger");
  out.entity = EntityId(json.at("entityId").get<std::string>());
  out.status = value_of(json.at("status"), statuses);
  out.due_at = json.at("dueAt");
  out.attempts = json.at("attempts");
  constexpr std::int64_t most_steps = 1000;
  const auto steps = json.value("completedSteps", std::int64_t{0});
  if (steps < 0 || steps > most_steps)
    throw Error(ErrorCode::storage, "the server answered a run that cannot be; is it a server of struere?");
  out.steps = Json(static_cast<std::size_t>(steps), nullptr);  // only their number is shown
  out.error = text_in(json, "error");
  out.created_at = json.at("createdAt");
  out.finished_at = time_in(json, "finishedAt");
  return out;
}

Release release_of(const Json& json) {
  Release out;
  out.number = json.at("number");
  out.note = json.at("note");
  out.created_by_type = json.value("createdByType", "");
  out.created_by = json.at("createdBy");
  out.created_at = json.at("createdAt");
  out.changes = json.at("changes");
  if (const auto restores = json.find("restores"); restores != json.end()) out.restores = restores->get<std::int64_t>();
  return out;
}

ChangePlan plan_of(const Json& json, Environment environment, const PlanOptions& options) {
  constexpr std::array changes{ChangeKind::create, ChangeKind::update, ChangeKind::remove};
  ChangePlan out;
  out.environment = environment;
  out.options = options;
  out.base = json.at("base");
  for (const Json& item : json.at("changes")) {
    DefinitionChange change{
        value_of(item.at("change"), changes), value_of(item.at("kind"), definition_kinds), item.at("name"), {}};
    for (const Json& field : item.value("fields", Json::array()))
      change.fields.push_back({field.at("path"),
                               field.contains("before") ? std::optional(field.at("before")) : std::nullopt,
                               field.contains("after") ? std::optional(field.at("after")) : std::nullopt});
    change.pending_runs = item.value("pendingRuns", std::int64_t{0});
    out.changes.push_back(std::move(change));
  }
  for (const Json& item : json.at("obstacles"))
    out.obstacles.push_back({value_of(item.at("kind"), obstacle_kinds), item.at("name"), item.at("count"),
                             item.at("examples").get<std::vector<std::string>>(), item.at("message")});
  for (const Json& item : json.at("reveals"))
    out.reveals.push_back(
        {item.at("role"), item.at("entityType"), item.at("path"), item.at("rows"), item.at("events")});
  for (const Json& item : json.value("kept", Json::array()))
    out.kept.push_back({value_of(item.at("kind"), definition_kinds), item.at("name"), item.at("pack")});
  return out;
}

Json json_of(const PlanOptions& options) {
  return {{"acceptInvalidData", options.accept_invalid_data},
          {"dropAssignments", options.drop_assignments},
          {"reveal", options.reveal},
          {"holdWriters", options.hold_writers}};
}

Explanation explanation_of(const Json& json) {
  Explanation out;
  out.decision =
      Decision(json.at("allowed"), json.at("reason"), std::nullopt, json.at("policiesConsidered").get<std::size_t>());
  for (const Json& item : json.at("policies"))
    out.policies.push_back(
        {item.at("role"), Policy{item.at("resource"), parse_action(item.at("action").get<std::string>()),
                                 item.at("effect") == "allow" ? Effect::allow : Effect::deny}});
  if (!json.contains("row")) return out;
  out.row_given = true;
  out.row_exists = json.at("row") != "not there";
  out.row_visible = json.at("row") == "admitted";
  out.write_given = json.contains("write");
  out.write_allowed = json.value("write", "") == "allowed";
  for (const Json& item : json.at("grants")) {
    ExplainedGrant grant{item.at("role"),
                         item.at("admits"),
                         item.at("broken"),
                         {},
                         item.value("admitsAfter", false),
                         item.value("masked", std::vector<std::string>())};
    for (const Json& rule : item.at("rules"))
      grant.rules.push_back({canonical_json(rule.at("rule")), rule.at("holds"), rule.at("compared")});
    out.grants.push_back(std::move(grant));
  }
  for (const Json& item : json.at("fields"))
    out.fields.push_back({item.at("path"), item.at("treatment"), item.at("by")});
  return out;
}

}  // namespace struere::cli
