// Removal of the payloads of the events of a purged entity (SPEC 6 and 7).
#pragma once

#include <string>

#include "repository/guarded_operation.hpp"

namespace struere {

// Removes the payloads of all events about the entity, and their salts; the chain still verifies. The caller commits.
void purge_payloads(GuardedOperation& operation, const std::string& entity);

}  // namespace struere
