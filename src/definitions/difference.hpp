// Computes the differences between two sets of definitions in normal form.
#pragma once

#include <vector>

#include "struere/definitions/change_plan.hpp"

namespace struere {

std::vector<DefinitionChange> difference(const DefinitionSet& before, const DefinitionSet& after);

}  // namespace struere
