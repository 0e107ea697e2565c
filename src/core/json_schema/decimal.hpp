// Tells whether a number is a multiple of another one in decimals: 19.99 is a multiple of 0.01.
#pragma once

#include <cstdint>

#include "struere/core/json.hpp"

namespace struere::json_schema {

// The absolute value of a number: `digits` × 10^`exponent`, from its shortest decimal text.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

// The absolute value of a finite JSON number.
Decimal decimal_of(const Json& number);

// `divisor` must not be 0. The time grows only with the logarithm of the exponents.
bool is_multiple(const Decimal& value, const Decimal& divisor);

}  // namespace struere::json_schema
