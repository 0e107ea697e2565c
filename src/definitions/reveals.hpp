// Finds the stored values that a plan would show to a role or a tool that masks them now.
#pragma once

#include <vector>

#include "definitions/each_entity.hpp"
#include "definitions/entity_migration.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

// `wanted` are the planned roles and tools, in normal form. Reads rows and events of a type only if a mask of it
// becomes weaker or a migration moves its fields.
std::vector<Reveal> find_reveals(GuardedOperation& operation, const DefinitionSet& current, const DefinitionSet& wanted,
                                 const EntityMigration* migration, StoredData& stored);

Obstacle obstacle_of(const Reveal& reveal);

// Throws Error{conflict} if `now` reveals values that `planned` does not name.
void require_named(const ChangePlan& planned, const ChangePlan& now);

}  // namespace struere
