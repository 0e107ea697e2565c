// Sums of numbers without intermediate rounding, so that the order of the addends does not change the answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "struere/core/json.hpp"

namespace struere {

class ExactSum {
 public:
  void add(std::int64_t value);
  void add(double value);  // must be finite

  // The exact sum if all addends are integers and it fits 64 bits, otherwise the nearest double. nullopt if the sum
  // is beyond the range of doubles or there were no addends.
  std::optional<Json> sum() const;
  // The sum divided by the count, as a double; nullopt in the same cases.
  std::optional<double> average() const;

 private:
  // A number in digits of 32 bits, the first of them worth 2^lowest_bit: wide enough for 2^63 of the largest doubles. A
  // digit may be negative or too large until the next carry.
  static constexpr int lowest_bit = -1152, bits_of_digit = 32;
  struct Wide {
    std::array<std::int64_t, 72> digits{};
    std::uint32_t since_carry = 0;

    void add(std::uint64_t magnitude, int exponent, bool negative);  // magnitude * 2^exponent
    void add(std::int64_t value);
    void carry();
  };
  // The absolute value of the sum, with each digit from 0 to 2^32 - 1.
  struct Total {
    Wide magnitude;
    bool negative;
  };
  // The number value * 2^exponent, which may be beyond the range of a double.
  struct Scaled {
    double value;
    int exponent;
  };
  Total total() const;
  Scaled scaled() const;

  std::int64_t whole_ = 0;      // the sum of the integers, while it fits
  std::unique_ptr<Wide> rest_;  // all other addends; most sums have none
  bool integers_only_ = true;
  std::int64_t count_ = 0;
};

}  // namespace struere
