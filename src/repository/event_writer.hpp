// Events of the host's own (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "repository/guarded_operation.hpp"

namespace struere {

// Throws invalid_data for a type that a host may not write.
void require_event_type(const std::string& type);

// The caller commits.
EventId emit_event(GuardedOperation& operation, const std::string& type, const Json& payload,
                   const std::optional<EntityId>& about);

}  // namespace struere
