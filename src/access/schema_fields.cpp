#include "access/schema_fields.hpp"

#include <algorithm>
#include <array>

namespace struere {
namespace {

// Whether the schema allows no fields other than its `properties`.
bool names_all_its_fields(const Json& schema) {
  constexpr std::array elsewhere{"patternProperties", "allOf",        "anyOf",           "oneOf", "if", "$ref",
                                 "$dynamicRef",       "dependencies", "dependentSchemas"};
  return schema.is_object() && schema.contains("properties") && schema.at("properties").is_object() &&
         !schema.at("properties").empty() &&
         std::ranges::none_of(elsewhere, [&](const char* keyword) { return schema.contains(keyword); });
}

}  // namespace

const Json* properties_without(const Json& schema, std::span<const std::string> path) {
  const Json* at = &schema;
  for (const std::string& segment : path) {
    if (!names_all_its_fields(*at)) return nullptr;
    const Json& properties = at->at("properties");
    const auto found = properties.find(segment);
    if (found == properties.end()) return &properties;
    at = &*found;
  }
  return nullptr;
}

}  // namespace struere
