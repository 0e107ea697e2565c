// A clock that is set forwards and back by up to five seconds between any two looks at it.
#pragma once

#include <atomic>
#include <cstdint>

#include "struere/core/clock.hpp"

namespace struere::test {

class JumpingClock final : public Clock {
 public:
  // Different seeds jump differently.
  explicit JumpingClock(std::uint64_t seed = 0) : looks_(seed * 1'000'003) {}

  Timestamp now() const override {
    const std::uint64_t look = ++looks_;
    const std::uint64_t mixed = (look ^ (look >> 7)) * 0x9e3779b97f4a7c15ULL;
    return 1'700'000'000'000 + static_cast<Timestamp>(look % 1'000'003) +
           static_cast<Timestamp>((mixed >> 40) % 10'000) - 5'000;
  }

 private:
  mutable std::atomic<std::uint64_t> looks_;
};

}  // namespace struere::test
