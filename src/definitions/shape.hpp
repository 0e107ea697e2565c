// What a definition looks like, by the schemas that editors use as well (schemas/). Says all that is wrong at once,
// with the place of each, which a validator that stops at the first does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "core/suggestion.hpp"
#include "struere/definitions/definition_set.hpp"

namespace STRUERE_COMPANION_API struere {

struct ShapeFault {
  Json::json_pointer place;
  std::string message;
};

// Knows type, required, properties, additionalProperties, items and enum: what the schemas of definitions are made of.
std::vector<ShapeFault> shape_faults(DefinitionKind kind, const Json& definition);
std::vector<ShapeFault> pack_shape_faults(const Json& manifest);  // of pack.yaml

}  // namespace struere
