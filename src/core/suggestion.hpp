// What was probably meant by a mistyped word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// " Did you mean `x`?" if one of `known` is similar; otherwise empty.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace struere
