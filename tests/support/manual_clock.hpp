// A clock that stands still until it is told otherwise.
#pragma once

#include <atomic>

#include "struere/core/clock.hpp"

namespace struere::test {

class ManualClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  void advance(Timestamp milliseconds) { now_ += milliseconds; }

 private:
  std::atomic<Timestamp> now_{1'700'000'000'000};
};

}  // namespace struere::test
