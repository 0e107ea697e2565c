// Events of the host's own (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "repository/guarded_operation.hpp"

namespace struere {

// The caller commits.
EventId emit_event(GuardedOperation& operation, const std::string& type, const Json& payload,
                   const std::optional<EntityId>& about);

}  // namespace struere
