// Reads the definitions of a scope and computes the changes, within one transaction, so that the changes that are
// written are those that were compared.
#pragma once

#include "definitions/entity_migration.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// Contains the tool permissions of all agents, including those that have no configuration in the scope.
DefinitionSet definitions_of(GuardedOperation& operation);
// The definitions that Definitions::current() returns. They omit tool permissions of agents that the scope does not
// have, and contain every tool that the scope's definitions name.
DefinitionSet current_definitions(GuardedOperation& operation);

inline constexpr std::int64_t most_definitions = 1'000'000;

// `wanted` is in normal form. With a migration, entities are checked in their migrated form. `since` is the sequence
// of an event: only data that changed after it is checked, because the rest was checked before.
ChangePlan make_plan(GuardedOperation& operation, DefinitionSet wanted, const PlanOptions& options,
                     const EntityMigration* migration = nullptr, std::optional<std::int64_t> since = {});

// What tools would show of this scope that they may not see now, once their permissions, which both environments share,
// are those of `wanted`.
std::vector<Reveal> find_tool_reveals(GuardedOperation& operation, const DefinitionSet& wanted);

// Throws Error{conflict} if the scope has changed since `plan` was made, or if there is an obstacle. Returns the
// current plan.
ChangePlan check_plan(GuardedOperation& operation, const ChangePlan& plan, std::optional<std::int64_t> since = {});

// Writes the changes of a plan that this transaction has made.
void write_changes(GuardedOperation& operation, const ChangePlan& plan);

// Checks the plan and writes all changes, without a commit. An earlier operation has called check_plan(); its log
// ended with event `since`.
// Compiles the schemas that carrying out the plan reads. For the look before the write lock is taken.
void compile_schemas(GuardedOperation& operation, const ChangePlan& plan);
void carry_out(GuardedOperation& operation, const ChangePlan& plan, std::int64_t since);

}  // namespace struere
