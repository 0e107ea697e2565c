// Whether a set of definitions is right, in itself: shapes, meanings, and what each says of others.
#pragma once

#include <vector>

#include "struere/definitions/definition_set.hpp"

namespace struere {

struct CheckedDefinitions {
  std::vector<DefinitionFault> faults;
  DefinitionSet normal;  // of what has no faults
};

CheckedDefinitions check_definitions(const DefinitionSet& definitions);

}  // namespace struere
