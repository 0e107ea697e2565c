// The keywords that check a value without another schema.
#pragma once

#include <cstdint>

#include "core/json_schema/fault_words.hpp"

namespace struere::json_schema {

// The first of them that the value does not satisfy. Adds its cost to `steps`.
Fault check_assertions(const SchemaNode& node, const Json& value, std::uint64_t& steps);

// As Pattern::matches, and adds its cost.
bool matches_pattern(const Pattern& pattern, std::string_view text, std::uint64_t& steps);

}  // namespace struere::json_schema
