// Events of the host's own (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "repository/guarded_operation.hpp"
#include "struere/repository/audit_logger.hpp"

namespace struere {

// Throws invalid_data for a type that a host may not write.
void require_event_type(const std::string& type);

// AuditLogger::append inside an operation. The caller commits.
EventId append_host_event(GuardedOperation& operation, const std::string& type, const Json& payload,
                          const std::optional<EntityId>& about);

}  // namespace struere
