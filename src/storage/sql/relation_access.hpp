// The paths of relations that lead to the rows of a selection.
#pragma once

#include <vector>

#include "core/companion.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_COMPANION_API struere {

// Every row of the selection is reached by one of these paths. Empty: some row may be reached by none.
std::vector<const Predicate*> paths_to(const Selection& selection);

}  // namespace struere
