// All entities of a type, whoever may see them.
#pragma once

#include <functional>

#include "repository/guarded_operation.hpp"

namespace struere {

// Those that are not deleted, in batches: `visit` may change or remove its row.
void each_entity(GuardedOperation& operation, const EntityType& type,
                 const std::function<void(const EntityRow&)>& visit);

}  // namespace struere
