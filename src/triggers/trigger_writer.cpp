#include "triggers/trigger_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "repository/definition_writer.hpp"
#include "storage/records.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/trigger_definition.hpp"

namespace struere {
namespace {

// Refuses arguments with which a built-in tool would fail at each run.
void check_arguments(const TriggerDefinition& trigger, const std::vector<EntityType>& known_types) {
  for (const TriggerDefinition::Step& step : trigger.steps) {
    if (!is_built_in_tool(step.tool)) continue;
    try {
      check_built_in_arguments(step.tool, step.arguments);
    } catch (const Error& error) {
      throw Error(ErrorCode::invalid_definition, fmt::format("the action `{}`: {}", step.name, error.what()));
    }
    const auto type = type_written_in(step.tool, step.arguments);
    if (type && std::ranges::find(known_types, *type, &EntityType::slug) == known_types.end())
      throw Error(ErrorCode::invalid_definition,
                  fmt::format("the action `{}`: this scope has no such entity type; define it first", step.name));
  }
}

}  // namespace

Trigger write_trigger(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known_types) {
  JsonFault fault;
  const auto canonical = canonical_json(definition, fault);
  if (!canonical) throw Error(ErrorCode::invalid_definition, "the definition cannot be used: " + fault.message);
  const Json json = parse_canonical_json(*canonical);
  const TriggerDefinition read = read_trigger(json);
  if (std::ranges::find(known_types, read.entity_type, &EntityType::slug) == known_types.end())
    throw Error(ErrorCode::invalid_definition, "this scope has no such entity type; define it first");
  check_arguments(read, known_types);
  const auto known = find<Trigger>(operation.transaction(), "slug", read.slug);
  if (!known) require_room(count_of(operation.transaction(), RecordTable::triggers), "triggers of a scope");
  operation.resize_definition("trigger", read.slug, canonical->size());
  const Trigger trigger{known ? known->id : operation.new_id(),      read.slug,      read.entity_type, json,
                        known ? known->created_at : operation.now(), operation.now()};
  if (known)
    operation.transaction().update_records(
        RecordTable::triggers, {{"id", {}, trigger.id}},
        {{"entity_type", trigger.entity_type}, {"definition", *canonical}, {"updated_at", trigger.updated_at}});
  else
    insert(operation.transaction(), trigger);
  operation.audit().append(known ? "trigger.updated" : "trigger.created", *canonical);
  return trigger;
}

namespace {

std::vector<RecordCondition> pending(const std::string& slug) {
  return {{"trigger_slug", {}, slug}, {"status", {}, to_value(TriggerRunStatus::pending)}};
}

}  // namespace

std::int64_t pending_runs_of(GuardedOperation& operation, const std::string& slug) {
  return count_of(operation.transaction(), RecordTable::trigger_runs, pending(slug));
}

void cancel_pending(GuardedOperation& operation, const std::string& slug, const std::optional<std::string>& entity,
                    bool may_hold_writers) {
  std::vector<RecordCondition> runs = pending(slug);
  if (entity) runs.push_back({"entity_id", {}, *entity});
  const std::int64_t number = count_of(operation.transaction(), RecordTable::trigger_runs, runs);
  if (number == 0) return;
  if (number > most_entries_of_a_write && !may_hold_writers)
    throw Error(ErrorCode::invalid_data,
                fmt::format("this would cancel {} pending runs of `{}` while all writers wait, and a write cancels at "
                            "most {}; let the host remove the trigger, which cancels all of them",
                            number, slug, most_entries_of_a_write));
  operation.transaction().update_records(
      RecordTable::trigger_runs, runs,
      {{"status", to_value(TriggerRunStatus::cancelled)}, {"finished_at", operation.now()}});
}

void remove_trigger(GuardedOperation& operation, const std::string& slug) {
  if (!find<Trigger>(operation.transaction(), "slug", slug)) throw_not_found();
  operation.transaction().remove_records(RecordTable::triggers, {{"slug", {}, slug}});
  operation.resize_definition("trigger", slug, 0);
  cancel_pending(operation, slug, {}, operation.actor().type() == ActorType::system);
  operation.audit().append("trigger.deleted", canonical_json(Json{{"slug", slug}}));
}

}  // namespace struere
