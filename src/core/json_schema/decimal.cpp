#include "core/json_schema/decimal.hpp"

#include <charconv>
#include <cmath>
#include <string_view>

namespace struere::json_schema {
namespace {

__extension__ using Wide = unsigned __int128;

// 10^exponent modulo `modulus`.
std::uint64_t power_of_ten(std::uint64_t exponent, std::uint64_t modulus) {
  Wide out = 1 % modulus, square = 10 % modulus;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) out = out * square % modulus;
    square = square * square % modulus;
  }
  return static_cast<std::uint64_t>(out);
}

}  // namespace

Decimal decimal_of(const Json& number) {
  // An integer beyond 64 signed bits counts as its nearest double (SPEC 6).
  if (number.is_number_integer() && !(number.is_number_unsigned() && number.get<std::uint64_t>() > INT64_MAX)) {
    const auto integer = number.get<std::int64_t>();
    return {integer < 0 ? 0 - static_cast<std::uint64_t>(integer) : static_cast<std::uint64_t>(integer), 0};
  }
  char text[40];
  const char* const end =
      std::to_chars(text, text + sizeof text, std::abs(number.get<double>()), std::chars_format::scientific).ptr;
  Decimal out;
  int fraction = 0;
  bool after_point = false;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      after_point = true;
      continue;
    }
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(*at - '0');  // at most 17 digits
    fraction += after_point;
  }
  if (at != end) {
    ++at;                               // skips the `e`
    if (at != end && *at == '+') ++at;  // from_chars does not accept it
    std::from_chars(at, end, out.exponent);
  }
  out.exponent -= fraction;
  return out;
}

bool is_multiple(const Decimal& value, const Decimal& divisor) {
  if (value.digits == 0) return true;
  if (value.exponent >= divisor.exponent) {
    const auto shift = static_cast<std::uint64_t>(value.exponent - divisor.exponent);
    const Wide rest = static_cast<Wide>(value.digits % divisor.digits) * power_of_ten(shift, divisor.digits);
    return rest % divisor.digits == 0;
  }
  const int shift = divisor.exponent - value.exponent;
  if (shift > 19) return false;  // the value has at most 20 digits, so it has no more trailing zeros than that
  Wide scaled = divisor.digits;
  for (int i = 0; i < shift; ++i) scaled *= 10;
  return value.digits % scaled == 0;
}

}  // namespace struere::json_schema
