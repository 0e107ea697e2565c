// A YAML file brought to another value with as few lines changed as can be, so that comments, order and style stay.
#pragma once

#include <string>

#include "struere/core/json.hpp"

namespace struere {

// The text of `before` (YAML that Document reads), changed to read as `wanted`. Lines of what does not change are kept
// byte for byte, with the comments above and beside them. If that cannot be done, the text of `wanted` alone.
std::string edited_yaml(const std::string& before, const Json& wanted);

}  // namespace struere
