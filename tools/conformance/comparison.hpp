// Compares the expected answer of a step with the actual one.
#pragma once

#include <optional>
#include <string>

#include "struere/core/json.hpp"

namespace struere::conformance {

// Returns the place of the first difference in the answer (`rows[1].data.title`); nullopt if there is none. In the
// answer, and in each row and event in it, only the expected keys are compared. The value of such a key is compared
// as a whole, numbers by value.
std::optional<std::string> first_difference(const Json& expected, const Json& got);

}  // namespace struere::conformance
