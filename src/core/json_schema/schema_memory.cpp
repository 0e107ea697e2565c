#include "core/json_schema/schema_graph.hpp"
#include "core/memory_use.hpp"

namespace struere::json_schema {

std::size_t memory_of(const SchemaNode& node) {
  std::size_t out = sizeof node + bytes_of_elements(node.constants) + bytes_of_elements(node.numbers) +
                    bytes_of_elements(node.sizes) + bytes_outside(node.required) +
                    bytes_of_elements(node.dependent_required) + bytes_of_elements(node.all_of) +
                    bytes_of_elements(node.any_of) + bytes_of_elements(node.one_of) +
                    bytes_of_elements(node.dependent_schemas) + bytes_of_elements(node.pattern_properties) +
                    bytes_of_elements(node.prefix_items) + bytes_outside(node.references);
  for (const Constants& constants : node.constants) {
    out += bytes_outside(constants.strings) + bytes_outside(constants.others) + bytes_of_elements(constants.all);
    for (const Json& value : constants.all) out += bytes_outside(value);
  }
  for (const auto& [name, names] : node.dependent_required) out += bytes_outside(name) + bytes_outside(names);
  for (const auto& [name, target] : node.dependent_schemas) out += bytes_outside(name);
  for (const auto& property : node.properties)
    out += sizeof property + bytes_of_map_node + bytes_outside(property.first);
  return out;
}

}  // namespace struere::json_schema
