// Placeholders in the arguments of a trigger's steps, such as `{{trigger.data.startTime}}`, for values of the run.
//
// An inserted value is not read again: a text in it that looks like a placeholder stays a text.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "struere/core/json.hpp"

namespace struere {

// Calls `visit` with the path of each placeholder in `arguments`. Throws Error{invalid_definition} for a placeholder
// that is not closed or does not contain a path.
void each_placeholder(const Json& arguments, const std::function<void(std::string_view path)>& visit);

// The limit, in bytes, for the values of all placeholders of one step together.
inline constexpr std::size_t longest_expansion = 1 << 20;

// A text that is only a placeholder becomes its value. A placeholder inside other text becomes text: a string
// unchanged, other values as JSON. Throws Error{invalid_data} if a placeholder has no value or the limit is exceeded.
Json filled_in(const Json& arguments, const Json& values);

}  // namespace struere
