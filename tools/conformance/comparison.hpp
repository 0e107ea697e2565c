// What a step should have answered, against what it did.
#pragma once

#include <optional>
#include <string>

#include "struere/core/json.hpp"

namespace struere::conformance {

// The first difference, as a place in the answer (`rows[1].data.title`); nothing where there is none. Of the answer,
// and of each row and event in it, only the keys that are expected are compared; what is under them is compared whole,
// numbers by value.
std::optional<std::string> first_difference(const Json& expected, const Json& got);

}  // namespace struere::conformance
