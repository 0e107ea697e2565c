// The fields that a mask may name although the schema of its type does not contain them.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/definitions/definition_set.hpp"

namespace struere {

// True if a row or an event of the scope contains the field, if it is the former name of a field, or if a stored role
// already masks it. Must not outlive `operation`.
HeldFields held_fields(GuardedOperation& operation);

// Accepts every field. For definitions that were checked before.
HeldFields any_field();

// Accepts a field if one of the two accepts it. Either of them may be empty.
HeldFields either(HeldFields one, HeldFields other);

}  // namespace struere
