#include "core/json_comparison.hpp"

#include <algorithm>
#include <cmath>

namespace struere {

ExactNumber exact_number(const Json& number) {
  constexpr double beyond_integers = 9223372036854775808.0;
  if (number.is_number_integer() && !(number.is_number_unsigned() && number.get<std::uint64_t>() > INT64_MAX)) {
    const auto integer = number.get<std::int64_t>();
    const auto nearest = static_cast<double>(integer);
    // 2^63 does not fit an integer, so the rest is computed from INT64_MAX.
    const std::int64_t rest =
        nearest == beyond_integers ? integer - INT64_MAX - 1 : integer - static_cast<std::int64_t>(nearest);
    return {nearest, rest};
  }
  const auto real = number.get<double>();
  return {real == 0 ? 0.0 : real, 0};  // turns -0.0 into 0.0
}

bool equal_values(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return exact_number(a) == exact_number(b);
  if (a.is_array() && b.is_array()) return a.size() == b.size() && std::ranges::equal(a, b, equal_values);
  if (a.is_object() && b.is_object())
    return a.size() == b.size() && std::ranges::equal(a.items(), b.items(), [](const auto& x, const auto& y) {
             return x.key() == y.key() && equal_values(x.value(), y.value());
           });
  return a.type() == b.type() && a == b;
}

bool is_whole_number(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const auto real = value.get<double>();
  return std::isfinite(real) && real == std::trunc(real);
}

}  // namespace struere
