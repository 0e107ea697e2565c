// Checks the shape of a definition by the schemas that editors use as well (schemas/). It reports all faults with
// their places, whereas a JSON Schema validator stops at the first one.
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

// Supports type, required, properties, additionalProperties, items and enum: the keywords that those schemas use.
std::vector<ShapeFault> shape_faults(DefinitionKind kind, const Json& definition);
std::vector<ShapeFault> pack_shape_faults(const Json& manifest);  // of pack.yaml

}  // namespace struere
