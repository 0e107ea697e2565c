// Which stored values a plan would show to a role or a tool that masks them now.
#pragma once

#include <vector>

#include "definitions/each_entity.hpp"
#include "definitions/entity_migration.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// `wanted` are roles and tools as they will be, in normal form. Reads rows and events of a type only where some mask of
// it becomes weaker, or a migration moves its fields.
std::vector<Reveal> find_reveals(GuardedOperation& operation, const DefinitionSet& current, const DefinitionSet& wanted,
                                 const EntityMigration* migration, StoredData& stored);

Obstacle obstacle_of(const Reveal& reveal);

// Error{conflict} where `now` shows what `planned` does not name.
void require_named(const ChangePlan& planned, const ChangePlan& now);

}  // namespace struere
