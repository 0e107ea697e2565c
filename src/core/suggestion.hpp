// Suggests the word that was probably meant by a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Returns " Did you mean `x`?" if a word of `known` is similar; otherwise an empty text.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace struere
