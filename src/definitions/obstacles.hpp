// What stands against a plan: data that it would leave without a type, or at odds with its schema, and roles that
// somebody has.
#pragma once

#include <string>
#include <vector>

#include "definitions/each_entity.hpp"
#include "definitions/entity_migration.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/definitions/change_plan.hpp"

namespace struere {

std::vector<Obstacle> find_obstacles(GuardedOperation& operation, const DefinitionSet& wanted,
                                     const std::vector<DefinitionChange>& changes, const PlanOptions& options,
                                     const EntityMigration* migration, StoredData& stored);

}  // namespace struere
