// Changes a YAML file to another value in as few lines as possible, so that comments, order and style stay.
#pragma once

#include <string>

#include "struere/core/json.hpp"

namespace struere {

// Returns the text of `before` (YAML that Document reads), changed to read as `wanted`. Lines of unchanged values stay
// byte for byte. Comments within changed values are kept, and so are the line ends of the file. If lines cannot be
// kept, returns rewritten_yaml(). Throws Error{conflict} if the changed values have too many comments.
std::string edited_yaml(const std::string& before, const Json& wanted);

// Returns `wanted` as new text, below all comments of `before` and with its line ends.
std::string rewritten_yaml(const std::string& before, const Json& wanted);

}  // namespace struere
