// JSON text whose length says nothing about its value: white space and escapes do not count for the bound of SPEC 6,
// which is on the canonical text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "struere/core/json.hpp"

namespace struere {

// Enough for a value of 1 MiB with all its characters escaped.
inline constexpr std::size_t json_most_text_bytes = 8 * 1024 * 1024;

// Like parse_json, for text of up to json_most_text_bytes. The caller checks the size of the canonical text.
std::optional<Json> parse_json_text(std::string_view text, JsonFault& fault);

// Like canonical_json, for a value whose text may be of any length.
std::optional<std::string> canonical_json_text(const Json& value, JsonFault& fault);

// Where in a value the first part is that cannot be stored by itself, such as a number that is not finite: ".a.0" for
// the first element of `a`, and for a bad key the place of its object. nullopt if only the depth or size is at fault.
std::optional<std::string> place_of_unstorable(const Json& value);

}  // namespace struere
