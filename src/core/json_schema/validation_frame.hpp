// The state of the validator while it applies a schema to a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/json_schema/fault_words.hpp"

namespace struere::json_schema {

// Marks the members or elements of a value that a schema has evaluated.
using Looked = std::vector<bool>;

struct Answer {
  Fault fault;
  std::shared_ptr<const Looked> looked;  // for observed nodes whose value matches; may be null
};

// A node and the value to which it is applied next.
struct Application {
  NodeId node;
  const Json* value;
};

// The parts of a node, in the order in which they are applied.
enum class Phase {
  all_of,
  any_of,
  one_of,
  not_,
  condition,
  dependents,
  names,
  members,
  elements,
  contains,
  unevaluated_members,
  unevaluated_elements,
  done,
};

// A node that is being applied to a value. Frames are kept on a stack of the validator, so that neither schema nor
// data can exhaust the stack of the thread.
struct Frame {
  NodeId id;
  const SchemaNode* node;
  const Json* value;
  Phase phase = Phase::all_of;
  std::size_t index = 0;      // in a list of schemas, members or elements
  std::size_t pattern = 0;    // in patternProperties
  std::uint64_t count = 0;    // matches so far; for `if`, the branch to apply: 1 or 2
  bool is_looked_up = false;  // whether `properties` was searched for this member
  bool is_named = false;      // whether a schema was found for this member
  Json::object_t::const_iterator member = {};
  Fault fault = {};
  Looked looked = {};
};

}  // namespace struere::json_schema
