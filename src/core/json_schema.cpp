#include "core/json_schema.hpp"

#include "core/json_schema/schema_graph.hpp"

namespace struere {

JsonSchema::JsonSchema(const Json& schema)
    : graph_(std::make_shared<const json_schema::SchemaGraph>(json_schema::read_schema(schema))) {}

std::optional<SchemaFault> JsonSchema::validate(const Json& data) const { return json_schema::validate(*graph_, data); }

const std::vector<ReferenceField>& JsonSchema::references() const noexcept { return graph_->references; }

}  // namespace struere
