// Checks the keywords that need no other schema to check a value.
#pragma once

#include <cstdint>

#include "core/json_schema/fault_words.hpp"

namespace struere::json_schema {

// Returns the first such keyword that the value does not satisfy. Adds the cost of the check to `steps`.
Fault check_assertions(const SchemaNode& node, const Json& value, std::uint64_t& steps);

// Does what Pattern::matches does, and adds the cost to `steps`.
bool matches_pattern(const Pattern& pattern, std::string_view text, std::uint64_t& steps);

}  // namespace struere::json_schema
