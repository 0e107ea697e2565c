// What is told of the runs of triggers: in the audit log, and in their errors.
#pragma once

#include <string_view>

#include "repository/guarded_operation.hpp"
#include "struere/core/json.hpp"
#include "struere/model/trigger.hpp"

namespace struere {

// How the error of a run begins that its workers leave to one that has its tools.
inline constexpr std::string_view waits_for_tool = "waits for a worker that has the tool ";

// Of a run that nothing will carry out unless somebody retries it.
inline void record_death(GuardedOperation& operation, const TriggerRun& run) {
  operation.audit().append("trigger.dead", canonical_json(Json{{"trigger", run.trigger}, {"run", run.id.str()}}));
}

}  // namespace struere
