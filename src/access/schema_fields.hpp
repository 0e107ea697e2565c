// Tells whether a schema has a field, as far as this can be decided without data.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "struere/core/json.hpp"

namespace struere {

// The `properties` that lack a segment of the path, of an object whose schema lists all its fields. Null if the
// schema has the field or may have it.
const Json* properties_without(const Json& schema, std::span<const std::string> path);

}  // namespace struere
