// The time of a scenario: it stands still until the runner moves it on.
#pragma once

#include <atomic>

#include "struere/core/clock.hpp"

namespace struere::conformance {

class StepClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  void move_on() { ++now_; }

 private:
  std::atomic<Timestamp> now_ = 1'700'000'000'000;  // the first entity's `createdAt` in every scenario
};

}  // namespace struere::conformance
