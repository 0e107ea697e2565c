// Text for people, made of parts that others wrote. Stored names, keys of data and file names may contain line breaks;
// what contains them is still one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Writes control characters and other line breaks (U+0085, U+2028, U+2029) as \x0a, \u2028 and the like.
std::string single_line(std::string_view text);

// Writes each byte that is not valid UTF-8 as \xff and the like.
std::string valid_utf8(std::string_view text);

// The text as a JSON string, with U+FFFD in place of bytes that are not valid UTF-8. It never throws for what it holds.
std::string in_quotes(std::string_view text);

inline constexpr std::size_t longest_line = 8UL << 10;  // of a message, in bytes; docs/limits.md

// A place whose names somebody chose, in front of what is wrong there: it must not push that out of the message.
std::string shown_place(std::string_view place);

// Valid UTF-8 of at most `most` bytes. A longer one is cut between two characters and ends in "…".
std::string cut_text(std::string text, std::size_t most);

// One line of valid UTF-8 of at most `longest_line` bytes, whatever the text holds.
std::string message_line(std::string_view text);

// The lines, each as single_line() writes it.
std::string joined_lines(const std::vector<std::string>& lines);

// The lines of a text, such as the message of an Error.
std::vector<std::string> lines_of(std::string_view text);

}  // namespace struere
