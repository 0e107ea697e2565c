// Places within a schema: JSON pointers (RFC 6901), and the URI fragments that contain them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::json_schema {

// The place of a member or element of `place`.
std::string place_within(std::string_view place, std::string_view key);
std::string place_within(std::string_view place, std::size_t index);

// Decodes `%41` to `A`; nullopt if an escape is malformed.
std::optional<std::string> percent_decoded(std::string_view text);

// The keys of a JSON pointer; nullopt if the text is not one.
std::optional<std::vector<std::string>> pointer_keys(std::string_view pointer);

// The member or element of `value` that `key` names; null if there is none.
const Json* step_into(const Json& value, const std::string& key);

}  // namespace struere::json_schema
