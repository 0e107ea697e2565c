// Whether a set of definitions is right, in itself: shapes, meanings, and what each says of others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/definitions/definition_set.hpp"

namespace STRUERE_COMPANION_API struere {

struct CheckedDefinitions {
  std::vector<DefinitionFault> faults;
  DefinitionSet normal;  // of what has no faults
};

CheckedDefinitions check_definitions(const DefinitionSet& definitions, const HeldFields& held);

// What is wrong with a path into `data` of an entity type whose schema names its fields and not this one. A mask of a
// field that is not there masks nothing, and its author thinks that it does.
std::optional<std::string> missing_field(const DefinitionSet& definitions, const std::string& type,
                                         const std::string& field);

}  // namespace struere
