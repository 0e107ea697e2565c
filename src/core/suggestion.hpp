// What was probably meant by a mistyped word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace struere {

// " Did you mean `x`?", where one of `known` is near; empty otherwise.
std::string suggestion(std::string_view word, const std::vector<std::string>& known);

}  // namespace struere
