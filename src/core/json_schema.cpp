#include "core/json_schema.hpp"

#include <algorithm>

#include "core/json_schema/schema_graph.hpp"

namespace struere {

namespace {

thread_local std::uint64_t times_compiled = 0, steps_taken = 0;

json_schema::SchemaGraph counted_graph(const Json& schema) {
  ++times_compiled;
  return json_schema::read_schema(schema);
}

}  // namespace

JsonSchema::JsonSchema(const Json& schema)
    : graph_(std::make_shared<const json_schema::SchemaGraph>(counted_graph(schema))) {}

std::uint64_t JsonSchema::count_compiled() noexcept { return times_compiled; }
std::uint64_t JsonSchema::count_steps() noexcept { return steps_taken; }

const std::uint64_t JsonSchema::most_steps = json_schema::max_steps;

std::optional<SchemaFault> JsonSchema::validate(const Json& data) const {
  std::uint64_t left = most_steps;
  return validate(data, left);
}

std::optional<SchemaFault> JsonSchema::validate(const Json& data, std::uint64_t& left) const {
  const std::uint64_t before = left;
  auto fault = json_schema::validate(*graph_, data, left);
  steps_taken += before - left;
  return fault;
}

const std::vector<ReferenceField>& JsonSchema::references() const noexcept { return graph_->references; }
std::size_t JsonSchema::memory() const noexcept { return graph_->memory; }
std::uint64_t JsonSchema::steps_of_compiling() const noexcept { return std::min(graph_->steps_taken, most_steps); }

}  // namespace struere
