// Checks the values of keywords while they are read. Each function throws Error{invalid_definition} that names
// `place`, the place in the schema, and `name`, the keyword.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_schema/schema_graph.hpp"
#include "core/json_schema/schema_keywords.hpp"

namespace struere::json_schema {

[[noreturn]] void refuse_at(std::string_view place, const std::string& message);

// The beginning of a text in JSON quotes.
std::string quoted(const std::string& text);

const std::string& require_string(const Json& value, std::string_view place, std::string_view name);
bool require_boolean(const Json& value, std::string_view place, std::string_view name);
void require_object(const Json& value, std::string_view place, std::string_view name);
std::uint64_t require_count(const Json& value, std::string_view place, std::string_view name);
std::vector<std::string> require_strings(const Json& value, std::string_view place, std::string_view name);

// The bits of `type`, whose value is a name or a list of names.
std::uint8_t require_types(const Json& value, std::string_view place);
Draft require_draft(std::string_view uri, std::string_view place);
Constants constants_of(Keyword keyword, const Json& values);

// The keyword of the name `minimum`, `maxLength` and so on.
Keyword bound_keyword(std::string_view name);

}  // namespace struere::json_schema
