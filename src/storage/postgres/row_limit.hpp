// How many rows a statement asks for. The number stands in its text: for a parameter, the planner of a prepared
// statement would expect a tenth of all rows, and sort them. So that there are few texts, it is rounded up by an eighth
// at most.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace struere::postgres {

inline std::int64_t row_limit(std::int64_t wanted) {
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
  constexpr int kept_bits = 4;
  if (wanted > all / 2) return all;
  const int dropped = std::max(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(wanted))) - kept_bits, 0);
  const std::int64_t step = std::int64_t{1} << dropped;
  return (wanted + step - 1) / step * step;
}

}  // namespace struere::postgres
