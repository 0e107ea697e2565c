// The time of a scenario. It changes only when the runner advances it.
#pragma once

#include <atomic>

#include "struere/core/clock.hpp"

namespace struere::conformance {

class StepClock final : public Clock {
 public:
  Timestamp now() const override { return now_; }
  void move_on() { ++now_; }

 private:
  std::atomic<Timestamp> now_ = 1'700'000'000'000;  // the `createdAt` of the first entity in every scenario
};

}  // namespace struere::conformance
