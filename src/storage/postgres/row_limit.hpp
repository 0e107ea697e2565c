// How many rows a statement asks for. The number stands in its text: for a parameter, the planner of a prepared
// statement would expect a tenth of all rows, and sort them. So that there are few texts, it is a power of two.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace struere::postgres {

inline std::int64_t row_limit(std::int64_t wanted) {
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
  return wanted > all / 2 ? all : static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(wanted)));
}

}  // namespace struere::postgres
