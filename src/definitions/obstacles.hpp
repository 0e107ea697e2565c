// The obstacles of a plan: entities that would lose their type or break its schema, and roles that are still assigned.
#pragma once

#include <optional>
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

// That `count` entities of a type would be gone through under the write lock, to `what`; nullopt if they are few.
std::optional<Obstacle> held_writers(const std::string& type, std::int64_t count, const char* what,
                                     const PlanOptions& options);

}  // namespace struere
