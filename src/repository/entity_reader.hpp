// Reading the entities of one type: the checks of SPEC 6 in their order, then the view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/repository/entity_repository.hpp"

namespace struere {

std::optional<Entity> find_entity(GuardedOperation& operation, const std::string& type, const std::string& id);
EntityPage list_entities(GuardedOperation& operation, const std::string& type, const Query& query);
std::vector<std::string> plan_of_list(GuardedOperation& operation, const std::string& type, const Query& query);
std::int64_t count_entities(GuardedOperation& operation, const std::string& type, const Query& query);

}  // namespace struere
