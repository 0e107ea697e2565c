#include "triggers/trigger_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "access/rule_reader.hpp"
#include "core/instant.hpp"
#include "core/text.hpp"
#include "query/bounds.hpp"
#include "query/condition_parser.hpp"
#include "triggers/placeholders.hpp"

namespace struere {
namespace {

constexpr std::size_t most_steps = 50;

// Conditions may also name fields of the previous row. For the parser and the interpreter, one object contains both
// rows: `data.data.x` and `data.previousData.x`.
std::string placed(const std::string& field) {
  if (field.starts_with("data.") || field.starts_with("previousData.") || field == "previousStatus")
    return "data." + field;
  return field;
}

Json placed_condition(const Json& condition) {
  Json out = condition;
  if (!out.is_object()) return out;
  if (const auto field = out.find("field"); field != out.end() && field->is_string())
    *field = placed(field->get<std::string>());
  for (const char* const kind : {"any", "all"})
    if (const auto parts = out.find(kind); parts != out.end() && parts->is_array())
      for (Json& part : *parts) part = placed_condition(part);
  return out;
}

// Accepts a list of conditions, one condition, or an object of fields and equal values: {"data.status": "scheduled"}.
Predicate read_condition(const Json& condition) {
  Json list = Json::array();
  if (condition.is_array())
    list = condition;
  else if (condition.is_object() && !condition.contains("field") && !condition.contains("any") &&
           !condition.contains("all"))
    for (const auto& [field, value] : condition.items())
      list.push_back({{"field", field}, {"operator", "eq"}, {"value", value}});
  else
    list.push_back(condition);
  std::vector<Predicate> parts;
  std::size_t left = most_conditions;
  for (const Json& part : list)
    parts.push_back(parse_condition(placed_condition(part), nullptr, ErrorCode::invalid_definition, left));
  return Predicate::all(std::move(parts));
}

Timestamp read_duration(const Json& value, const char* key) {
  std::optional<Timestamp> found;
  if (value.is_number_integer())
    found = parse_duration(fmt::format("{}ms", value.get<std::int64_t>()));
  else if (value.is_string())
    found = parse_duration(value.get_ref<const std::string&>());
  if (!found) refuse(fmt::format("`{}` is a time such as 500ms, 30s, 15m, 24h or 7d, or milliseconds", key));
  return *found;
}

TriggerDefinition::Schedule read_schedule(const Json& schedule) {
  require_keys(schedule, "`schedule`", {}, {"delay", "at", "offset", "cancelPrevious"});
  if (schedule.contains("delay") == schedule.contains("at")) refuse("`schedule` has either a `delay` or an `at`");
  TriggerDefinition::Schedule out;
  if (schedule.contains("delay")) {
    out.delay = read_duration(schedule.at("delay"), "delay");
    if (out.delay < 0) refuse("`delay` must not be negative");
    if (schedule.contains("offset")) refuse("`offset` requires `at`");
  } else {
    out.at = require_text(schedule, "`schedule`", "at");
    if (schedule.contains("offset")) out.offset = read_duration(schedule.at("offset"), "offset");
  }
  if (const auto cancel = schedule.find("cancelPrevious"); cancel != schedule.end()) {
    if (!cancel->is_boolean()) refuse("`cancelPrevious` is true or false");
    out.cancel_previous = cancel->get<bool>();
  }
  return out;
}

// Whether the input of a run contains this path of the write (trigger_matcher.cpp, input_of).
bool is_of_write(std::string_view path, TriggerEvent event) {
  const std::string_view first = path.substr(0, path.find('.'));
  if (first == "data") return true;
  if (first == "previousData") return event != TriggerEvent::created;
  if (path == "previousStatus") return event != TriggerEvent::created;
  constexpr std::array<std::string_view, 8> values{"entityId", "entityType", "action",   "status",
                                                   "at",       "actor",      "actor.id", "actor.type"};
  return std::ranges::find(values, path) != values.end();
}

// Placeholders may name only values that exist at that step: those of the write and of earlier steps.
void check_placeholders(const Json& arguments, const std::set<std::string, std::less<>>& steps, TriggerEvent event) {
  each_placeholder(arguments, [&](std::string_view path) {
    constexpr std::string_view write = "trigger.";
    if (path.starts_with(write)) {
      if (!is_of_write(path.substr(write.size()), event))
        refuse(
            fmt::format("the placeholder {{{{{}}}}} names nothing of a write that {} an entity: there are data, "
                        "previousData, status, previousStatus, entityId, entityType, action, at and actor",
                        path,
                        event == TriggerEvent::created   ? "creates"
                        : event == TriggerEvent::updated ? "updates"
                                                         : "deletes"));
      return;
    }
    constexpr std::string_view prefix = "steps.";
    const std::string_view name = path.starts_with(prefix) ? path.substr(prefix.size()) : std::string_view();
    if (!steps.contains(name.substr(0, name.find('.'))))
      refuse(fmt::format("the placeholder {{{{{}}}}} names neither trigger.… nor an earlier step", path));
  });
}

// Accepts a time, or a text with a placeholder.
void check_at(const std::string& at, TriggerEvent event) {
  check_placeholders(at, {}, event);
  bool has_placeholder = false;
  each_placeholder(at, [&](std::string_view) { has_placeholder = true; });
  if (!has_placeholder && !parse_instant(at))
    refuse("`at` must be a time such as 2026-04-17T17:00:00Z, or a placeholder such as {{trigger.data.startsAt}}");
}

std::vector<TriggerDefinition::Step> read_steps(const Json& actions, TriggerEvent event) {
  if (!actions.is_array() || actions.empty() || actions.size() > most_steps)
    refuse(fmt::format("`actions` is a list of 1 to {} steps", most_steps));
  std::vector<TriggerDefinition::Step> out;
  std::set<std::string, std::less<>> names;
  for (const Json& action : actions) {
    require_keys(action, "an action", {"tool"}, {"args", "as"});
    TriggerDefinition::Step step{fmt::format("step{}", out.size() + 1), require_text(action, "an action", "tool"),
                                 action.value("args", Json::object())};
    if (action.contains("as")) step.name = require_text(action, "an action", "as");
    if (!FieldPath::is_segment(step.name) || names.contains(step.name))
      refuse("`as` is 1 to 64 letters, digits, _ and -, and differs from that of other steps");
    if (step.tool.empty() || !is_text(step.tool, 200)) refuse("`tool` is a text of 1 to 200 bytes");
    if (!step.arguments.is_object()) refuse("`args` is an object");
    check_placeholders(step.arguments, names, event);
    names.insert(step.name);
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace

std::string_view to_string(TriggerEvent event) noexcept {
  switch (event) {
    case TriggerEvent::created: return "created";
    case TriggerEvent::updated: return "updated";
    case TriggerEvent::deleted: return "deleted";
  }
  return "updated";
}

TriggerDefinition read_trigger(const Json& definition) {
  require_keys(definition, "a trigger", {"slug", "on", "actions"}, {"schedule", "retry"});
  TriggerDefinition out;
  out.slug = require_text(definition, "a trigger", "slug");
  if (!is_slug(out.slug)) refuse("the slug of a trigger is 1 to 64 lower-case letters, digits, _ and -");
  const Json& on = definition.at("on");
  require_keys(on, "`on`", {"entityType", "action"}, {"condition"});
  out.entity_type = require_text(on, "`on`", "entityType");
  const std::string& action = require_text(on, "`on`", "action");
  constexpr std::array events{TriggerEvent::created, TriggerEvent::updated, TriggerEvent::deleted};
  const auto* const event = std::ranges::find(events, action, [](TriggerEvent each) { return to_string(each); });
  if (event == events.end()) refuse("`action` is created, updated or deleted");
  out.event = *event;
  if (on.contains("condition")) out.condition = read_condition(on.at("condition"));
  if (definition.contains("schedule")) out.schedule = read_schedule(definition.at("schedule"));
  if (out.schedule && out.schedule->at) check_at(*out.schedule->at, out.event);
  if (const auto retry = definition.find("retry"); retry != definition.end()) {
    require_keys(*retry, "`retry`", {}, {"maxAttempts", "backoff"});
    if (const auto most = retry->find("maxAttempts"); most != retry->end()) {
      if (!most->is_number_integer() || *most < 1 || *most > 100) refuse("`maxAttempts` is from 1 to 100");
      out.max_attempts = most->get<std::int64_t>();
    }
    if (retry->contains("backoff")) out.backoff = read_duration(retry->at("backoff"), "backoff");
    if (out.backoff < 0 || out.backoff > longest_backoff) refuse("`backoff` is at most an hour");
  }
  out.steps = read_steps(definition.at("actions"), out.event);
  return out;
}

}  // namespace struere
