// Whether a schema names a field, as far as this can be decided without data.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "struere/core/json.hpp"

namespace struere {

// The `properties` at which the path fails: those of an object that names all its fields, and not this one. Null if
// the schema has the field, or may have it.
const Json* properties_without(const Json& schema, std::span<const std::string> path);

}  // namespace struere
