// Reading the entities of one type: the checks of SPEC 6 in their order, then the view.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"
#include "struere/repository/entity_repository.hpp"

namespace struere {

std::optional<Entity> find_entity(GuardedOperation& operation, const std::string& type, const std::string& id,
                                  const GetOptions& options = {});
std::vector<Entity> get_many_entities(GuardedOperation& operation, const std::string& type,
                                      const std::vector<EntityId>& ids);
EntityPage list_entities(GuardedOperation& operation, const std::string& type, const Query& query);
std::vector<std::string> plan_of_list(GuardedOperation& operation, const std::string& type, const Query& query);
std::int64_t count_entities(GuardedOperation& operation, const std::string& type, const Query& query);
Aggregates aggregate_entities(GuardedOperation& operation, const std::string& type, const Query& query,
                              const std::vector<std::string>& group_by, const std::vector<Measure>& measures);

// The rows with these ids that `plan` shows, in any order. The ids must be distinct. Throws invalid_query if the rows
// are too large together.
std::vector<Entity> entities_with_ids(GuardedOperation& operation, const AccessPlan& plan, const EntityType& type,
                                      const std::vector<std::string>& ids, const Interruption& interruption = {});
// The position after which the page of this cursor begins. Throws invalid_cursor.
Position require_position(GuardedOperation& operation, const std::string& question, const std::string& cursor);
// For EntityPage: what makes the cursor after the position, once somebody asks for it.
std::function<std::string()> cursor_maker(GuardedOperation& operation, std::string question, Position last);
// The deadline and the stop token at which a query is cancelled.
Interruption interruption_of(const std::optional<std::chrono::milliseconds>& timeout, const std::stop_token& stop);

}  // namespace struere
