// Compares JSON values exactly (SPEC 4): numbers by value, without rounding; arrays and objects deeply.
#pragma once

#include <compare>
#include <cstdint>

#include "struere/core/json.hpp"

namespace struere {

// A number as its nearest double and the small integer by which it differs. These pairs compare as the numbers do.
struct ExactNumber {
  double nearest;
  std::int64_t rest;

  friend auto operator<=>(const ExactNumber&, const ExactNumber&) = default;
};

// `number` must be a JSON number. An unsigned integer beyond 64 signed bits counts as its nearest double (SPEC 6).
ExactNumber exact_number(const Json& number);

// Same type and value: 1 equals 1.0, strings compare by code points, arrays and objects deeply.
bool equal_values(const Json& a, const Json& b);

// Whether a number is whole, such as 2.0 or 1e308.
bool is_whole_number(const Json& value);

}  // namespace struere
