// Plays a scenario: builds its world, takes its steps, and writes down what they answered.
#pragma once

#include <string>
#include <vector>

#include "operations.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#include "world.hpp"

namespace struere::conformance {

struct StepResult {
  static constexpr int setup = -1;  // the index of what building the world came to

  int index = setup;
  Json answer;
  std::string message;  // of an error, for the person who looks into it; no part of the answer
};

// A scenario that is played step by step.
class Playing {
 public:
  // The scenario must outlive this. Throws where there is no database to play in.
  Playing(const Scenario& scenario, const StorageChoice& choice, Detail detail = Detail::format);

  // Must come first. Neither throws: any exception is an answer.
  StepResult build();
  StepResult take(std::size_t step);

  World& world() noexcept { return world_; }

 private:
  const Scenario& scenario_;
  World world_;
  Operations operations_;
};

// One result for each step, in order. A world that cannot be built, or that was expected not to be, is one result
// alone. Throws only where there is no database to play in.
std::vector<StepResult> play(const Scenario& scenario, const StorageChoice& choice);

}  // namespace struere::conformance
