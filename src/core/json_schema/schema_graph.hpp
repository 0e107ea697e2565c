// A schema as a graph: each schema in it is a node, each `$ref` an edge. Immutable; may be used from several threads.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json_comparison.hpp"
#include "core/json_schema.hpp"
#include "core/json_schema/decimal.hpp"
#include "core/json_schema/formats.hpp"
#include "core/json_schema/pattern.hpp"

namespace struere::json_schema {

// Limits of a schema. If one is exceeded, reading throws invalid_definition, and the message names it.
inline constexpr std::size_t max_nodes = 10'000;              // schemas in a schema
inline constexpr std::size_t max_chain = 200;                 // schemas applied to one value, one within another
inline constexpr std::size_t max_patterns = 100;              // distinct patterns
inline constexpr std::size_t max_pattern_size = 200'000;      // instructions of all patterns together
inline constexpr std::size_t max_pattern_bytes = 64UL << 10;  // of the texts of all patterns together
inline constexpr std::size_t max_memory = 32UL << 20;         // of the compiled form, in bytes
inline constexpr std::size_t max_reference_fields = 1'000;
inline constexpr std::size_t max_reference_bytes = 1UL << 20;  // of the paths to them together
// The limit of one validation, about a second of work. Beyond it, validation fails with invalid_data.
inline constexpr std::uint64_t max_steps = 10'000'000;
inline constexpr std::uint64_t pattern_work_per_step = 40;  // instructions × bytes

using NodeId = std::uint32_t;
inline constexpr NodeId no_node = UINT32_MAX;

// The keywords that can fail.
enum class Keyword : std::uint8_t {
  none,
  type,
  enum_,
  const_,
  multiple_of,
  minimum,
  maximum,
  exclusive_minimum,
  exclusive_maximum,
  min_length,
  max_length,
  pattern,
  format,
  min_items,
  max_items,
  unique_items,
  min_properties,
  max_properties,
  required,
  dependent_required,
  any_of,
  one_of,
  not_,
  property_names,
  additional_properties,
  unevaluated_properties,
  items,
  unevaluated_items,
  contains,
  max_contains,
  false_schema,
};

// The types of a value as bits. A whole number is both a number and an integer.
enum Type : std::uint8_t {
  null_type = 1,
  boolean_type = 2,
  object_type = 4,
  array_type = 8,
  string_type = 16,
  number_type = 32,
  integer_type = 64,
  any_type = 127,
};

struct NumberBound {
  Keyword keyword;
  ExactNumber limit;
  Json text;  // as written in the schema
};

struct SizeBound {
  Keyword keyword;
  std::uint64_t limit;
};

// The values of `enum` or `const`.
struct Constants {
  Keyword keyword;
  std::vector<std::string> strings;  // sorted
  std::vector<std::string> others;   // the canonical texts of other values, sorted
  bool has_structured = false;       // whether there is an array or an object among them
  std::vector<Json> all;             // in the order of the schema
};

struct SchemaNode {
  bool is_false = false;
  std::uint8_t types = any_type;
  std::vector<Constants> constants;
  std::optional<std::pair<Decimal, Json>> multiple_of;
  std::vector<NumberBound> numbers;
  std::vector<SizeBound> sizes;
  const Pattern* pattern = nullptr;
  const Format* format = nullptr;
  bool unique_items = false;
  std::vector<std::string> required;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependent_required;

  // Schemas applied to the value itself.
  std::vector<NodeId> all_of;  // includes the target of `$ref`
  std::vector<NodeId> any_of, one_of;
  NodeId not_ = no_node, if_ = no_node, then_ = no_node, else_ = no_node;
  std::vector<std::pair<std::string, NodeId>> dependent_schemas;

  // Schemas applied to members.
  std::map<std::string, NodeId, std::less<>> properties;
  std::vector<std::pair<const Pattern*, NodeId>> pattern_properties;
  NodeId additional_properties = no_node, property_names = no_node, unevaluated_properties = no_node;

  // Schemas applied to elements.
  std::vector<NodeId> prefix_items;
  NodeId items = no_node, contains = no_node, unevaluated_items = no_node;
  std::uint64_t min_contains = 1, max_contains = UINT64_MAX;

  std::string references;  // an entity type, from struere's own keyword; empty if there is none

  bool is_leaf = true;       // it applies no other schema
  bool is_shared = false;    // it may be applied to one value more than once, so the answer is kept
  bool is_observed = false;  // another schema needs the members that this one evaluated (`unevaluatedProperties`)
};

// The ways in which a node leads to another.
enum class Edge {
  same_value,        // `$ref`, `allOf`: applies to every valid value
  same_value_maybe,  // `anyOf`, `if`, …
  property,          // the member of this name
  every_element,     // `items` without exceptions
  other,             // a part of the value whose name is not known in advance
};

// Calls `visit(edge, target, name)` for each edge of a node. `name` is the name of a property.
template <class Visit>
void each_edge(const SchemaNode& node, const Visit& visit) {
  const auto one = [&](Edge edge, NodeId target) {
    if (target != no_node) visit(edge, target, std::string_view());
  };
  for (const NodeId target : node.all_of) one(Edge::same_value, target);
  for (const NodeId target : node.any_of) one(Edge::same_value_maybe, target);
  for (const NodeId target : node.one_of) one(Edge::same_value_maybe, target);
  one(Edge::same_value_maybe, node.not_);
  if (node.if_ != no_node) {
    one(Edge::same_value_maybe, node.if_);
    one(Edge::same_value_maybe, node.then_);
    one(Edge::same_value_maybe, node.else_);
  }
  for (const auto& [name, target] : node.dependent_schemas) one(Edge::same_value_maybe, target);
  for (const auto& [name, target] : node.properties) visit(Edge::property, target, std::string_view(name));
  for (const auto& [pattern, target] : node.pattern_properties) one(Edge::other, target);
  one(Edge::other, node.additional_properties);
  one(Edge::other, node.property_names);
  one(Edge::other, node.unevaluated_properties);
  for (const NodeId target : node.prefix_items) one(Edge::other, target);
  one(node.prefix_items.empty() ? Edge::every_element : Edge::other, node.items);
  one(Edge::other, node.contains);
  one(Edge::other, node.unevaluated_items);
}

constexpr bool is_same_value(Edge edge) { return edge == Edge::same_value || edge == Edge::same_value_maybe; }

struct SchemaGraph {
  std::deque<SchemaNode> nodes;  // the first node is the root
  std::map<std::string, Pattern> patterns;
  std::vector<ReferenceField> references;
  std::size_t memory = 0;         // the bytes that all of it takes at most, patterns included
  std::uint64_t steps_taken = 0;  // that compiling it took, of the size that a step of validation has
};

// The bytes that a node takes, without its patterns.
std::size_t memory_of(const SchemaNode& node);

// Reads `schema` into a graph. Throws Error{invalid_definition} that names the place of the fault: an unknown
// keyword, a value that a keyword cannot have, an unusable pattern, a `$ref` that leads out of the schema, to no
// target or back to itself without entering the data, a `references` for which it is undecidable where it applies, or
// an exceeded limit.
SchemaGraph read_schema(const Json& schema);

// The second part of read_schema: checks the graph as a whole.
void finish_graph(SchemaGraph& graph, const std::vector<std::string>& places);

// The fields that hold references (SPEC 6), in the order of their places. `places` holds the place of each node.
std::vector<ReferenceField> collect_references(const SchemaGraph& graph, const std::vector<std::string>& places);

// The reason why `data` does not match; nullopt if it matches. Takes time linear in the schema × the data, and does
// not recurse in either. Takes at most `left` steps (at most max_steps), and subtracts those that it took.
std::optional<SchemaFault> validate(const SchemaGraph& graph, const Json& data, std::uint64_t& left);

}  // namespace struere::json_schema
