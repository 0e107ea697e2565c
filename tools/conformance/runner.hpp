// Plays a scenario: builds its world, takes its steps, and writes down what they answered.
#pragma once

#include <string>
#include <vector>

#include "scenario.hpp"
#include "scenario_storage.hpp"

namespace struere::conformance {

struct StepResult {
  static constexpr int setup = -1;  // the index of what building the world came to

  int index = setup;
  Json answer;
  std::string message;  // of an error, for the person who looks into it; no part of the answer
};

// One result for each step, in order. A world that cannot be built, or that was expected not to be, is one result
// alone. Throws only where there is no database to play in.
std::vector<StepResult> play(const Scenario& scenario, const StorageChoice& choice);

}  // namespace struere::conformance
