// Events that the host itself writes (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "repository/guarded_operation.hpp"
#include "struere/repository/audit_logger.hpp"

namespace struere {

// Throws invalid_data if a host may not write events of this type.
void require_event_type(const std::string& type);

// Does what AuditLogger::append does, inside an operation. The caller commits.
EventId append_host_event(GuardedOperation& operation, const std::string& type, const Json& payload,
                          const std::optional<EntityId>& about);

}  // namespace struere
