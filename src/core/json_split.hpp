// Splits texts with JSON into lines' contents, members and elements, and leaves the values as text: each of them is
// parsed when it is read, within the bounds of JSON, which do not apply to the whole.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Call `visit` with each member of an object, or each element of an array, in order. They accept more than JSON, so
// that a value that was split is not yet valid. Return false if the text does not begin as an object or array. Throw
// Error{invalid_data}, after the visits of what comes before the fault.
bool visit_members(std::string_view object,
                   const std::function<void(const std::string& name, std::string_view value)>& visit);
bool visit_elements(std::string_view array, const std::function<void(std::string_view value)>& visit);

// The message of a JsonFault of a part of a text. A byte in it is counted from the beginning of the text instead of the
// part, which begins at `offset`, and `text` says so, such as " of the body".
std::string count_byte_from(std::string message, std::size_t offset, std::string_view text);

// A line of a file of JSON lines, without the byte order marks before it: of each file that was put into this one.
std::string_view without_byte_order_mark(std::string_view line) noexcept;
// Whether the line has only the white space of JSON, such as the \r of a line end.
bool is_blank_line(std::string_view line) noexcept;

}  // namespace struere
