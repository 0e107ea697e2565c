// Whether a number is a multiple of another, in decimals: 19.99 is one of 0.01.
#pragma once

#include <cstdint>

#include "struere/core/json.hpp"

namespace struere::json_schema {

// The size of a number: `digits` × 10^`exponent`, by its shortest decimal text.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

// The size of a finite JSON number, without its sign.
Decimal decimal_of(const Json& number);

// `divisor` must not be 0. Takes time only in the logarithm of the exponents.
bool is_multiple(const Decimal& value, const Decimal& divisor);

}  // namespace struere::json_schema
