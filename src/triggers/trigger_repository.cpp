#include "struere/triggers/trigger_repository.hpp"

#include "repository/record_page.hpp"
#include "struere/repository/session.hpp"
#include "triggers/trigger_writer.hpp"

namespace struere {
namespace {

// Moves a run from one state to another. Throws not_found if the run does not exist, conflict if it is in another
// state.
void move_run(GuardedOperation& operation, const TriggerRunId& id, TriggerRunStatus from,
              const RecordChanges& changes) {
  if (!find<TriggerRun>(operation.transaction(), "id", id.str())) throw_not_found();
  const auto moved = operation.transaction().update_records(
      RecordTable::trigger_runs, {{"id", {}, id.str()}, {"status", {}, to_value(from)}}, changes);
  if (moved == 0) throw Error(ErrorCode::conflict, fmt::format("the run is not {}; look at it again", to_string(from)));
}

}  // namespace

TriggerRepository Session::triggers() const { return TriggerRepository(caller_); }

Trigger TriggerRepository::define(const Json& definition) const {
  return guarded(caller_, Access::write, {"update", "triggers"}, [&](GuardedOperation& operation) {
    operation.require_admin("define triggers");
    Trigger trigger = write_trigger(operation, definition, operation.rules().types());
    operation.commit();
    return trigger;
  });
}

void TriggerRepository::remove(const std::string& slug) const {
  guarded(caller_, Access::write, {"delete", "triggers"}, [&](GuardedOperation& operation) {
    operation.require_admin("remove triggers");
    remove_trigger(operation, slug);
    operation.commit();
  });
}

std::vector<Trigger> TriggerRepository::list() const {
  return guarded(caller_, Access::read, {"list", "triggers"}, [&](GuardedOperation& operation) {
    operation.require_admin("list triggers");
    return select<Trigger>(operation.transaction(), {{}, {}, {"slug"}});
  });
}

TriggerRunPage TriggerRepository::runs(const TriggerRunQuery& query) const {
  return guarded(caller_, Access::read, {"list", "triggers"}, [&](GuardedOperation& operation) {
    operation.require_admin("list the runs of triggers");
    RecordSelection selection{RecordTable::trigger_runs, {}, {"due_at", "id"}};
    Json question = Json::array();
    const auto narrow = [&](std::string_view column, const std::optional<std::string>& value) {
      question.push_back(value ? Json(*value) : Json(nullptr));
      if (value) selection.where.push_back({column, {}, *value});
    };
    narrow("trigger_slug", query.trigger);
    narrow("entity_id", query.entity ? std::optional(query.entity->str()) : std::nullopt);
    narrow("status", query.status ? std::optional(std::string(to_string(*query.status))) : std::nullopt);
    JsonFault fault;
    const auto text = canonical_json(question, fault);
    if (!text) throw Error(ErrorCode::invalid_query, "`trigger` and `entity` are valid UTF-8: " + fault.message);
    // The index of due times begins with the status.
    std::vector<RecordCondition> parts;
    if (!query.status && !query.entity)
      for (const TriggerRunStatus status :
           {TriggerRunStatus::pending, TriggerRunStatus::running, TriggerRunStatus::completed, TriggerRunStatus::dead,
            TriggerRunStatus::cancelled})
        parts.push_back({"status", {}, std::string(to_string(status))});
    auto page = select_page<TriggerRun>(operation, std::move(selection), "trigger-runs/" + *text, query.limit,
                                        query.after, parts);
    return TriggerRunPage{std::move(page.rows), std::move(page.next)};
  });
}

TriggerRun TriggerRepository::run(const TriggerRunId& id) const {
  return guarded(caller_, Access::read, {"read", "triggers", id.str()}, [&](GuardedOperation& operation) {
    operation.require_admin("read the runs of triggers");
    auto run = find<TriggerRun>(operation.transaction(), "id", id.str());
    if (!run) throw_not_found();
    return *std::move(run);
  });
}

void TriggerRepository::cancel(const TriggerRunId& id) const {
  guarded(caller_, Access::write, {"update", "triggers", id.str()}, [&](GuardedOperation& operation) {
    operation.require_admin("cancel the runs of triggers");
    move_run(operation, id, TriggerRunStatus::pending,
             {{"status", to_value(TriggerRunStatus::cancelled)}, {"finished_at", operation.now()}});
    operation.commit();
  });
}

void TriggerRepository::retry(const TriggerRunId& id) const {
  guarded(caller_, Access::write, {"update", "triggers", id.str()}, [&](GuardedOperation& operation) {
    operation.require_admin("retry the runs of triggers");
    move_run(operation, id, TriggerRunStatus::dead,
             {{"status", to_value(TriggerRunStatus::pending)},
              {"due_at", operation.by_clock()},
              {"attempts", std::int64_t{0}},
              {"finished_at", RecordValue()}});
    operation.commit();
  });
}

}  // namespace struere
