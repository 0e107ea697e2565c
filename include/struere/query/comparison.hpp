// Defines the operators of rules and filters on two JSON values (SPEC 4).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/json.hpp"

namespace STRUERE_API struere {

enum class Operator { eq, neq, in, nin, contains, gt, gte, lt, lte, exists };

std::string_view to_string(Operator op) noexcept;
std::optional<Operator> parse_operator(std::string_view text) noexcept;

// Whether `field op value` is true. A null pointer is an absent field, which differs from JSON null.
bool compare(const Json* field, Operator op, const Json& value);

// Same type and value: numbers exactly, without rounding (1 equals 1.0), strings by code points, others deeply.
bool equal_json(const Json& a, const Json& b);

// Bytes whose order is the order of SPEC 6: absent < null < false < true < numbers < strings < arrays and objects,
// which tie. Numbers compare exactly, strings by code points.
std::string sort_key(const Json* value);

// The integer or string that a sort key was made from; nullopt for other values.
std::optional<std::int64_t> integer_of_sort_key(std::string_view key);
std::optional<std::string> string_of_sort_key(std::string_view key);

}  // namespace struere
