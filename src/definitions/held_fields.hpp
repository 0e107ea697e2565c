// Which fields a mask may name though the schema of its type does not.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/definitions/definition_set.hpp"

namespace struere {

// Whether a row or an event of the scope holds the field, it is the former name of one, or a stored role masks it
// already. Lives no longer than `operation`.
HeldFields held_fields(GuardedOperation& operation);

// For definitions that were checked before.
HeldFields any_field();

// What one of the two holds; one may be empty.
HeldFields either(HeldFields one, HeldFields other);

}  // namespace struere
