// Text for people, made of parts that others wrote. Stored names, keys of data and file names may contain line breaks;
// what contains them is still one line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Writes control characters and other line breaks (U+0085, U+2028, U+2029) as \x0a, \u2028 and the like.
std::string single_line(std::string_view text);

// The lines, each as single_line() writes it.
std::string joined_lines(const std::vector<std::string>& lines);

// The lines of a text, such as the message of an Error.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace struere
