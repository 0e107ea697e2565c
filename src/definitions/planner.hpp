// Reads what a scope is, and finds what would have to change: within one transaction, so that what is carried out is
// what was compared.
#pragma once

#include "definitions/entity_migration.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// What tools may do is there of all agents, those that have no configuration in the scope included.
DefinitionSet definitions_of(GuardedOperation& operation);
// As Definitions::current() answers: what tools may do for agents that the scope does not have is not the scope's to
// say; that there are the tools that it names, is.
DefinitionSet current_definitions(GuardedOperation& operation);

inline constexpr std::int64_t most_definitions = 1'000'000;

// `wanted` is in normal form. With a migration, entities are looked at as they will be after it. With `since`, the
// sequence of an event, only what has changed after it is looked at: what stands against the rest is known.
ChangePlan make_plan(GuardedOperation& operation, DefinitionSet wanted, const PlanOptions& options,
                     const EntityMigration* migration = nullptr, std::optional<std::int64_t> since = {});

// Error{conflict} where the scope has moved since `plan` was made, or an obstacle stands. Answers the plan as it is
// now.
ChangePlan check_plan(GuardedOperation& operation, const ChangePlan& plan, std::optional<std::int64_t> since = {});

// Writes the changes of a plan that this transaction has made.
void write_changes(GuardedOperation& operation, const ChangePlan& plan);

// All of it, without a commit, after check_plan of an earlier operation, whose log ended with event `since`.
void carry_out(GuardedOperation& operation, const ChangePlan& plan, std::int64_t since);

}  // namespace struere
