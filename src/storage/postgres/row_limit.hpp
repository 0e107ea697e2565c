// How many rows a statement asks for. The number stands in its text: for a parameter, the planner of a prepared
// statement would expect a tenth of all rows, and sort them. So that there are few texts, a number over 64 is rounded
// up by an eighth at most.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace struere::postgres {

inline std::int64_t row_limit(std::int64_t wanted) {
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t most_exact = 64;
  constexpr int kept_bits = 4;
  if (wanted <= most_exact) return wanted;
  if (wanted > all / 2) return all;
  const int dropped = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(wanted))) - kept_bits;
  const std::int64_t step = std::int64_t{1} << dropped;
  return (wanted + step - 1) / step * step;
}

}  // namespace struere::postgres
