// Whether a schema names a field, as far as that can be told without data.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "struere/core/json.hpp"

namespace struere {

// The `properties` in which the path ends: those of an object that names all its fields, and not this one. Null if the
// schema has the field, or may have it.
const Json* properties_without(const Json& schema, std::span<const std::string> path);

}  // namespace struere
