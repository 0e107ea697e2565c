// `{{trigger.data.startTime}}` in the arguments of a trigger's steps: where values of the run are put in.
//
// What is put in is a value and never read again: a text that looks like a placeholder stays a text.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "struere/core/json.hpp"

namespace struere {

// Calls `visit` with the path of each placeholder in `arguments`. Throws Error{invalid_definition} for one that is not
// closed, or whose path is none.
void each_placeholder(const Json& arguments, const std::function<void(std::string_view path)>& visit);

// Bytes that the placeholders of one step may stand for, all together.
inline constexpr std::size_t longest_expansion = 1 << 20;

// A text that is one placeholder becomes the value; one among other text becomes text there, strings as they are and
// all else as JSON. Throws Error{invalid_data} for a placeholder that names nothing, and past
// longest_expansion.
Json filled_in(const Json& arguments, const Json& values);

}  // namespace struere
