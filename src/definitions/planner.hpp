// Reads what a scope is, and finds what would have to change: within one transaction, so that what is carried out is
// what was compared.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// What tools may do is there of all agents, those that have no configuration in the scope included.
DefinitionSet definitions_of(GuardedOperation& operation);

// `wanted` is in normal form.
ChangePlan make_plan(GuardedOperation& operation, DefinitionSet wanted, const PlanOptions& options);

// All of it, without a commit. Error{conflict} where the scope has moved, or an obstacle stands.
void carry_out(GuardedOperation& operation, const ChangePlan& plan);

}  // namespace struere
