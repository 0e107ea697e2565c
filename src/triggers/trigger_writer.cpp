#include "triggers/trigger_writer.hpp"

#include <algorithm>

#include "repository/definition_writer.hpp"
#include "storage/records.hpp"
#include "triggers/trigger_definition.hpp"

namespace struere {

Trigger write_trigger(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known_types) {
  JsonFault fault;
  const auto canonical = canonical_json(definition, fault);
  if (!canonical) throw Error(ErrorCode::invalid_definition, "the definition cannot be used: " + fault.message);
  const Json json = parse_canonical_json(*canonical);
  const TriggerDefinition read = read_trigger(json);
  if (std::ranges::find(known_types, read.entity_type, &EntityType::slug) == known_types.end())
    throw Error(ErrorCode::invalid_definition, "this scope has no such entity type; define it first");
  const auto known = find<Trigger>(operation.transaction(), "slug", read.slug);
  if (!known) require_room(count_of(operation.transaction(), RecordTable::triggers), "triggers of a scope");
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

void remove_trigger(GuardedOperation& operation, const std::string& slug) {
  if (!find<Trigger>(operation.transaction(), "slug", slug)) throw_not_found();
  operation.transaction().remove_records(RecordTable::triggers, {{"slug", {}, slug}});
  operation.transaction().update_records(
      RecordTable::trigger_runs, {{"trigger_slug", {}, slug}, {"status", {}, to_value(TriggerRunStatus::pending)}},
      {{"status", to_value(TriggerRunStatus::cancelled)}, {"finished_at", operation.now()}});
  operation.audit().append("trigger.deleted", canonical_json(Json{{"slug", slug}}));
}

}  // namespace struere
