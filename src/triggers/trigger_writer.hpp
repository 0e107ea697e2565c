// Writes a trigger's definition and its event in the transaction of the caller, which commits (see
// repository/definition_writer.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/model/trigger.hpp"

namespace struere {

// `known_types` are the types that the definition may name. Throws Error{invalid_definition}.
Trigger write_trigger(GuardedOperation& operation, const Json& definition, const std::vector<EntityType>& known_types);
// Cancels the pending runs of the trigger, all or those of an entity. Throws invalid_data if they are more than one
// write may go through, unless writers may wait for it.
void cancel_pending(GuardedOperation& operation, const std::string& slug, const std::optional<std::string>& entity,
                    bool may_hold_writers);
// How many runs of a trigger are pending.
std::int64_t pending_runs_of(GuardedOperation& operation, const std::string& slug);

// Also cancels the pending runs of the trigger. Throws Error{not_found}.
void remove_trigger(GuardedOperation& operation, const std::string& slug);

}  // namespace struere
