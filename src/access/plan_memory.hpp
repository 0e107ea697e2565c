// How many bytes an access plan takes, about. A plan holds copies of the rules and masks of its roles.
#pragma once

#include <cstddef>

#include "struere/access/access_plan.hpp"

namespace struere {

std::size_t memory_of(const AccessPlan& plan);

}  // namespace struere
