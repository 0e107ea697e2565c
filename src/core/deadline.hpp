// Computes times that cannot overflow, whatever timeout a caller passes.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

#include "struere/core/clock.hpp"

namespace struere {

// The time `timeout` after now; now if `timeout` is negative; the clock's last time point if the sum would be later.
inline std::chrono::steady_clock::time_point deadline_after(std::chrono::milliseconds timeout) {
  using Steady = std::chrono::steady_clock;
  const auto now = Steady::now();
  if (timeout.count() <= 0) return now;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::time_point::max() - now);
  return timeout >= left ? Steady::time_point::max() : now + timeout;
}

// The sum of `a` and `b`, limited to the range of a timestamp.
inline Timestamp saturating_add(Timestamp a, Timestamp b) {
  using Limits = std::numeric_limits<Timestamp>;
  if (b > 0 && a > Limits::max() - b) return Limits::max();
  if (b < 0 && a < Limits::min() - b) return Limits::min();
  return a + b;
}

// The time in milliseconds as SQLite takes it: from 0 to the largest int.
inline int as_int_milliseconds(std::chrono::milliseconds time) {
  if (time.count() <= 0) return 0;
  return time.count() >= std::numeric_limits<int>::max() ? std::numeric_limits<int>::max()
                                                         : static_cast<int>(time.count());
}

}  // namespace struere
