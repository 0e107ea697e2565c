// The state of the validator for a schema that is being applied to a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/json_schema/fault_words.hpp"

namespace struere::json_schema {

// Which members or elements of a value were looked at.
using Looked = std::vector<bool>;

struct Answer {
  Fault fault;
  std::shared_ptr<const Looked> looked;  // of observed nodes whose value matches; may be null
};

// What is applied next: a node to a value.
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

// A node that is being applied to a value. It is on a stack of the validator, so that neither schema nor data can
// exhaust the stack of the thread.
struct Frame {
  NodeId id;
  const SchemaNode* node;
  const Json* value;
  Phase phase = Phase::all_of;
  std::size_t index = 0;      // in a list of schemas, of a member or of an element
  std::size_t pattern = 0;    // of patternProperties
  std::uint64_t count = 0;    // of elements that matched
  bool is_looked_up = false;  // `properties` was searched for this member
  bool is_named = false;      // a schema was found for this member
  Json::object_t::const_iterator member = {};
  Fault fault = {};
  Looked looked = {};
};

}  // namespace struere::json_schema
