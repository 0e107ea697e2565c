#include "query/exact_sum.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace struere {
namespace {

constexpr std::int64_t digit_base = std::int64_t{1} << 32;
constexpr auto smallest = std::numeric_limits<std::int64_t>::min();
constexpr auto largest = std::numeric_limits<std::int64_t>::max();

bool overflows(std::int64_t a, std::int64_t b) { return b > 0 ? a > largest - b : a < smallest - b; }

std::uint64_t magnitude_of(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

}  // namespace

void ExactSum::Wide::add(std::uint64_t magnitude, int exponent, bool negative) {
  const auto place = static_cast<std::size_t>(exponent - lowest_bit);
  const std::size_t first = place / bits_of_digit, shift = place % bits_of_digit;
  const std::uint64_t low = magnitude << shift, high = shift == 0 ? 0 : magnitude >> (64 - shift);
  const std::array<std::uint64_t, 3> parts{low & (digit_base - 1), low >> bits_of_digit, high};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = static_cast<std::int64_t>(parts[i]);
    digits[first + i] += negative ? -part : part;
  }
  if (++since_carry == std::uint32_t{1} << 30) carry();  // each addition adds less than 2^32 to a digit of 63 bits
}

void ExactSum::Wide::add(std::int64_t value) { add(magnitude_of(value), 0, value < 0); }

// Brings each digit into the range from 0 to 2^32 - 1, except the last one, which holds the sign.
void ExactSum::Wide::carry() {
  for (std::size_t i = 0; i + 1 < digits.size(); ++i) {
    const std::int64_t over = digits[i] >> bits_of_digit;  // rounds down
    digits[i] -= over * digit_base;
    digits[i + 1] += over;
  }
  since_carry = 0;
}

void ExactSum::add(std::int64_t value) {
  ++count_;
  if (overflows(whole_, value)) {
    if (!rest_) rest_ = std::make_unique<Wide>();
    rest_->add(whole_);
    whole_ = 0;
  }
  whole_ += value;
}

void ExactSum::add(double value) {
  ++count_;
  integers_only_ = false;
  if (value == 0) return;
  if (!rest_) rest_ = std::make_unique<Wide>();
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  constexpr int precision = std::numeric_limits<double>::digits;
  rest_->add(static_cast<std::uint64_t>(std::ldexp(fraction, precision)), exponent - precision, value < 0);
}

ExactSum::Total ExactSum::total() const {
  Total out{rest_ ? *rest_ : Wide{}, false};
  Wide& wide = out.magnitude;
  wide.add(whole_);
  wide.carry();
  out.negative = wide.digits.back() < 0;
  if (out.negative) {
    for (std::int64_t& digit : wide.digits) digit = -digit;
    wide.carry();
  }
  return out;
}

ExactSum::Scaled ExactSum::scaled() const {
  const auto exact = total();
  std::size_t top = exact.magnitude.digits.size() - 1;
  while (top > 0 && exact.magnitude.digits[top] == 0) --top;
  const auto digit = [&](std::size_t below) {
    return below > top ? 0 : static_cast<std::uint64_t>(exact.magnitude.digits[top - below]);
  };
  if (digit(0) == 0) return {0, 0};
  // The 64 bits from the highest set bit down. If any lower bit is set, the last of the 64 is set too, which is
  // enough to round correctly.
  const int shift = std::countl_zero(digit(0) << 32);
  std::uint64_t bits = (digit(0) << 32 | digit(1)) << shift | digit(2) >> (32 - shift);
  bool more = shift == 0 ? digit(2) != 0 : static_cast<std::uint32_t>(digit(2) << shift) != 0;
  for (std::size_t below = 3; below <= top && !more; ++below) more = digit(below) != 0;
  if (more) bits |= 1;
  const auto value = static_cast<double>(bits);
  return {exact.negative ? -value : value, lowest_bit + (static_cast<int>(top) - 1) * bits_of_digit - shift};
}

std::optional<Json> ExactSum::sum() const {
  if (count_ == 0) return std::nullopt;
  if (integers_only_) {
    if (!rest_) return Json(whole_);
    constexpr std::size_t ones = -lowest_bit / bits_of_digit;
    const auto [magnitude, negative] = total();
    const auto& digits = magnitude.digits;
    const bool fits =
        std::all_of(digits.begin() + ones + 2, digits.end(), [](std::int64_t digit) { return digit == 0; });
    const auto bits = static_cast<std::uint64_t>(digits[ones]) | static_cast<std::uint64_t>(digits[ones + 1]) << 32;
    if (fits && bits <= magnitude_of(negative ? smallest : largest))
      return Json(static_cast<std::int64_t>(negative ? ~bits + 1 : bits));
  }
  const Scaled exact = scaled();
  const double value = std::ldexp(exact.value, exact.exponent);
  return std::isfinite(value) ? std::optional(Json(value)) : std::nullopt;
}

std::optional<double> ExactSum::average() const {
  if (count_ == 0) return std::nullopt;
  const Scaled exact = scaled();
  const double value = std::ldexp(exact.value / static_cast<double>(count_), exact.exponent);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace struere
