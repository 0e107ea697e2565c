// Changes a YAML file to another value in as few lines as possible, so that comments, order and style stay.
#pragma once

#include <string>

#include "struere/core/json.hpp"

namespace struere {

// Returns the text of `before` (YAML that Document reads), changed to read as `wanted`. Lines of unchanged values stay
// byte for byte, with their comments. If that is not possible, returns `wanted` as new text.
std::string edited_yaml(const std::string& before, const Json& wanted);

}  // namespace struere
