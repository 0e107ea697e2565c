// Checks a set of definitions: their shapes, their meaning, and the references between them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "struere/definitions/definition_set.hpp"

namespace STRUERE_COMPANION_API struere {

struct CheckedDefinitions {
  std::vector<DefinitionFault> faults;
  DefinitionSet normal;  // contains only the definitions without faults
};

CheckedDefinitions check_definitions(const DefinitionSet& definitions, const HeldFields& held);

// A message if the schema of the type names its fields and this path into `data` is not among them; otherwise
// `nullopt`. A mask of a missing field would mask nothing, although its author expects that it does.
std::optional<std::string> missing_field(const DefinitionSet& definitions, const std::string& type,
                                         const std::string& field);

}  // namespace struere
