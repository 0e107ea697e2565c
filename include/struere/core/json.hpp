// JSON as struere accepts, stores and compares it (SPEC 4 and 6).
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

using Json = nlohmann::json;

// The bounds of SPEC 6.
inline constexpr std::size_t json_max_depth = 64;           // `{}` is of depth 1
inline constexpr std::size_t json_max_bytes = 1024 * 1024;  // of text

// Why a text or a value is not acceptable. The message may be shown to the actor.
struct JsonFault {
  std::string message;
};

// Strict: valid UTF-8, no U+0000, no duplicate keys, finite numbers, within the bounds. Integers that fit 64 signed
// bits stay exact. Otherwise returns nullopt and fills `fault`.
std::optional<Json> parse_json(std::string_view text, JsonFault& fault);

// Of the value itself and all that it holds, at all depths.
std::size_t number_of_values(const Json& value);

// The canonical text of a value: sorted keys, no white space, shortest numbers, `1` for `1.0`. Two values are equal
// (SPEC 4, `eq`) iff their canonical texts are the same bytes. Refuses what parse_json would refuse.
std::optional<std::string> canonical_json(const Json& value, JsonFault& fault);

// The same for values that are made of acceptable ones, which may exceed the bounds. Throws std::invalid_argument if
// the value is not JSON.
std::string canonical_json(const Json& value);

// Adds the canonical text of a string. Throws as canonical_json does.
void append_json_string(std::string& out, std::string_view text);

// Reads canonical text. Throws Error{storage} if the text is not JSON, because canonical text comes from canonical_json
// or from a storage.
Json parse_canonical_json(std::string_view canonical);

}  // namespace struere
