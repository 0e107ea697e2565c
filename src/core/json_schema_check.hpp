// What can be said of a JSON Schema before anything is validated by it. A keyword that the validator would ignore is a
// rule that somebody believes in and that is not enforced; so it is refused.
#pragma once

#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere {

// A field that must hold the id of an entity of `type` (SPEC 6). An element of an array is the segment "*".
struct ReferenceField {
  std::vector<std::string> place;
  std::string type;
};

// Throws Error{invalid_definition}: an unknown keyword, a value that a keyword cannot have, a pattern that is none, a
// `$ref` that leads out of the schema, nowhere or to itself, a `references` where it is not enforced.
void check_json_schema(const Json& schema);

// Whether the validator could compile this pattern. (Stands beside the validator: the library's expressions are large.)
bool is_regular_expression(const std::string& pattern);

// The fields that hold references, of a schema that was checked.
std::vector<ReferenceField> reference_fields(const Json& schema);

}  // namespace struere
