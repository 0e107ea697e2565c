// The triggers of one scope, and their runs. Only system actors and org admins may see or change them.
//
// A trigger:
//   {"slug": "remind",
//    "on": {"entityType": "session", "action": "created",                   or updated, deleted
//           "condition": [{"field": "data.status", "operator": "eq", "value": "scheduled"},
//                         {"field": "previousData.status", "operator": "neq", "value": "scheduled"}]},
//    "schedule": {"at": "{{trigger.data.startTime}}", "offset": "-24h", "cancelPrevious": true},   or {"delay": "5m"}
//    "retry": {"maxAttempts": 3, "backoff": "1s"},                          doubled each time, at most an hour
//    "actions": [{"tool": "entity.get", "as": "student", "args": {"type": "student", "id":
//    "{{trigger.data.studentId}}"}},
//                {"tool": "send-mail", "args": {"to": "{{steps.student.data.mail}}"}}]}
// slug, on and actions are required. Conditions are those of a query (SPEC 6), on the row after and before the write.
// The runs are done by a TriggerWorker (triggers/trigger_worker.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/trigger.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

struct TriggerRunQuery {
  std::optional<std::string> trigger = {};  // slug
  std::optional<EntityId> entity = {};
  std::optional<TriggerRunStatus> status = {};
  std::int64_t limit = 50;                // 1 to 1000
  std::optional<std::string> after = {};  // the cursor of the page before
};

struct TriggerRunPage {
  std::vector<TriggerRun> runs;  // by when they are due, then by id
  std::optional<std::string> next;
};

// Cheap, immutable, safe to share between threads.
class TriggerRepository {
 public:
  explicit TriggerRepository(Caller caller) : caller_(std::move(caller)) {}

  Trigger define(const Json& definition) const;  // creates it, or replaces the one with its slug; pending runs stay
  void remove(const std::string& slug) const;    // and cancels its pending runs
  std::vector<Trigger> list() const;             // by slug

  TriggerRunPage runs(const TriggerRunQuery& query = {}) const;
  TriggerRun run(const TriggerRunId& id) const;
  void cancel(const TriggerRunId& id) const;  // conflict unless it is pending
  void retry(const TriggerRunId& id) const;   // continues a dead run with the step that failed; conflict otherwise

 private:
  Caller caller_;
};

}  // namespace struere
