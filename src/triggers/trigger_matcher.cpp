// Finds the triggers of a write and adds their runs, in the transaction of the write.
#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/deadline.hpp"
#include "core/instant.hpp"
#include "repository/entity_observer.hpp"
#include "repository/guarded_operation.hpp"
#include "storage/records.hpp"
#include "struere/model/trigger.hpp"
#include "triggers/placeholders.hpp"
#include "triggers/trigger_cascade.hpp"
#include "triggers/trigger_definition.hpp"
#include "triggers/trigger_events.hpp"
#include "triggers/trigger_writer.hpp"

namespace struere {
namespace {

constexpr int deepest_cascade = 8;
constexpr std::int64_t most_runs_of_a_write = 1000;
constexpr std::size_t most_run_bytes = 128 << 20;

struct KnownTrigger {
  Trigger trigger;
  std::optional<TriggerDefinition> definition;  // `nullopt` if it cannot be read; its runs then say so
  std::size_t bytes = 0;                        // of the definition, which each run keeps
};

// The values that placeholders address as `trigger`.
Json input_of(const ActorContext& actor, TriggerEvent event, const std::string& type, const StoredEntity& row,
              const StoredEntity* before, Timestamp now) {
  Json input{{"entityId", row.id},
             {"entityType", type},
             {"action", to_string(event)},
             {"status", row.status},
             {"actor", {{"type", to_string(actor.type())}, {"id", actor.id()}}},
             {"at", now}};
  if (actor.trace_id()) input["traceId"] = *actor.trace_id();  // for the events of the run
  input["data"] = parse_canonical_json(row.data);
  if (before) {
    input["previousData"] = parse_canonical_json(before->data);
    input["previousStatus"] = before->status;
  }
  return input;
}

// The fields that a condition may name (see placed() in trigger_definition.cpp).
RowFields condition_fields(const StoredEntity& row, const Json& input) {
  Json data{{"data", input.at("data")}};
  for (const char* const key : {"previousData", "previousStatus"})
    if (input.contains(key)) data[key] = input.at(key);
  return {Json(row.id), std::move(data), Json(row.status), Json(row.created_at), Json(row.updated_at)};
}

Timestamp due_at(const TriggerDefinition::Schedule& schedule, const Json& input, Timestamp now) {
  if (!schedule.at) return saturating_add(now, schedule.delay);
  const Json at = filled_in(*schedule.at, {{"trigger", input}});
  std::optional<Timestamp> instant;
  if (at.is_number_integer()) instant = at.get<Timestamp>();
  if (at.is_string()) instant = parse_instant(at.get_ref<const std::string&>());
  constexpr Timestamp farthest = std::int64_t{1} << 52;
  if (!instant || *instant < 0 || *instant > farthest)
    throw Error(ErrorCode::invalid_data,
                "`at` is neither milliseconds from 1970 on (0 to 2^52) nor a time such as 2026-04-17T17:00:00Z");
  return *instant + schedule.offset;
}

// Removes up to two old counts for each one that is added, so that no write removes all of them. They are the first of
// the table, whose keys are ids and usually sort by time; Retention::prune removes the others.
void remove_ended_cascades(Transaction& transaction, Timestamp now) {
  for (const TriggerCascade& first : select<TriggerCascade>(transaction, {{}, {}, {"origin"}, false, {}, 2}))
    if (first.created_at < now - cascade_lifetime)
      transaction.remove_records(RecordTable::trigger_cascades, {{"origin", {}, first.origin}});
}

// Counts one more run that another run caused. Throws if one write of a caller leads to too many runs, because a few
// triggers that write could otherwise cause runs without end.
void count_run(GuardedOperation& operation, const std::string& origin, const std::string& trigger) {
  Transaction& transaction = operation.transaction();
  const auto known = find<TriggerCascade>(transaction, "origin", origin);
  if (!known) {
    remove_ended_cascades(transaction, operation.by_clock());
    insert(transaction, TriggerCascade{origin, 1, operation.now()});
    return;
  }
  if (known->runs >= most_runs_of_a_write)
    throw Error(ErrorCode::invalid_definition,
                fmt::format("one write led to more than {} trigger runs, and the last is of `{}`; let triggers write "
                            "fewer rows, or give them conditions",
                            most_runs_of_a_write, trigger));
  transaction.update_records(RecordTable::trigger_cascades, {{"origin", {}, origin}}, {{"runs", known->runs + 1}});
}

// Each run keeps its definition and the row, which are written while all writers wait.
void require_run_bytes(std::size_t bytes) {
  if (bytes > most_run_bytes)
    throw Error(
        ErrorCode::invalid_data,
        fmt::format("the trigger runs of this write hold more than {} MiB together; write fewer rows at a time, "
                    "or let fewer triggers fire",
                    most_run_bytes >> 20));
}

// `origin` is the first run that the caller's write caused. If it is empty, this run becomes the origin.
void enqueue(GuardedOperation& operation, const KnownTrigger& entry, const StoredEntity& row, Json& input,
             std::string& origin) {
  Transaction& transaction = operation.transaction();
  TriggerRun run;
  run.id = TriggerRunId(operation.new_id());
  if (origin.empty()) origin = run.id.str();
  input["origin"] = origin;
  run.trigger = entry.trigger.slug;
  run.definition = entry.trigger.definition;
  run.entity = EntityId(row.id);
  run.input = input;
  run.depth = operation.actor().cascade_depth() + 1;
  run.created_at = operation.now();
  run.due_at = operation.by_clock();
  if (entry.definition && entry.definition->schedule && entry.definition->schedule->cancel_previous)
    cancel_pending(operation, run.trigger, row.id, false);
  try {
    if (!entry.definition) throw Error(ErrorCode::storage, "the trigger's definition is damaged");
    if (const auto& schedule = entry.definition->schedule) {
      run.due_at = due_at(*schedule, input, operation.by_clock());
    }
  } catch (const Error& error) {  // no reason to refuse the write: the run shows what is wrong
    run.status = TriggerRunStatus::dead;
    run.error = error.what();
    run.finished_at = run.created_at;
  }
  insert(transaction, run);
  if (run.status == TriggerRunStatus::dead) record_death(operation, run);
}

// The triggers of one scope, by the entity type to which they belong.
class TriggerMatcher : public EntityObserver {
 public:
  explicit TriggerMatcher(Transaction& transaction) {
    for (Trigger& trigger : select<Trigger>(transaction, {{}, {}, {"slug"}})) {
      const std::size_t bytes = canonical_json(trigger.definition).size();
      KnownTrigger known{std::move(trigger), {}, bytes};
      try {
        known.definition = read_trigger(known.trigger.definition);
      } catch (const Error&) {
      }
      by_type_[known.trigger.entity_type].push_back(std::move(known));
    }
  }

  void add_sizes(DefinitionSizes& sizes) const override {
    for (const auto& [type, triggers] : by_type_)
      for (const KnownTrigger& known : triggers) sizes.set("trigger", known.trigger.slug, known.bytes);
  }

  void created(GuardedOperation& operation, const std::string& type, const StoredEntity& row) const override {
    match(operation, TriggerEvent::created, type, row, nullptr);
  }
  void updated(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
               const StoredEntity& before) const override {
    match(operation, TriggerEvent::updated, type, row, &before);
  }
  void removed(GuardedOperation& operation, const std::string& type, const StoredEntity& row,
               const StoredEntity& before) const override {
    match(operation, TriggerEvent::deleted, type, row, &before);
  }

 private:
  // Throws Error{invalid_definition} if a chain of triggers is too deep or one write causes too many runs.
  void match(GuardedOperation& operation, TriggerEvent event, const std::string& type, const StoredEntity& row,
             const StoredEntity* before) const {
    const auto found = by_type_.find(type);
    if (found == by_type_.end()) return;
    const ActorContext& actor = operation.actor();
    Json input = input_of(actor, event, type, row, before, operation.now());
    const RowFields fields = condition_fields(row, input);
    std::string origin = actor.cascade_origin();
    operation.spend_steps(found->second.size());
    for (const KnownTrigger& known : found->second) {
      if (known.definition &&
          (known.definition->event != event || !holds(known.definition->condition, fields, {}, operation.relations())))
        continue;
      if (actor.cascade_depth() >= deepest_cascade)
        throw Error(ErrorCode::invalid_definition,
                    fmt::format("triggers trigger one another more than {} deep, and the last is `{}`; give one of "
                                "them a condition that ends the chain",
                                deepest_cascade, known.trigger.slug));
      if (actor.cascade_depth() > 0) count_run(operation, origin, known.trigger.slug);
      require_run_bytes(operation.add_run_bytes(known.bytes + row.data.size() + (before ? before->data.size() : 0)));
      operation.spend_steps(steps_of_trigger_run);
      enqueue(operation, known, row, input, origin);
    }
  }

  std::map<std::string, std::vector<KnownTrigger>, std::less<>> by_type_;
};

}  // namespace

std::unique_ptr<const EntityObserver> read_entity_observer(Transaction& transaction) {
  return std::make_unique<TriggerMatcher>(transaction);
}

}  // namespace struere
