// Plays a scenario: builds its world, performs its steps, and records the answers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "operations.hpp"
#include "scenario.hpp"
#include "scenario_storage.hpp"
#include "world.hpp"

namespace struere::conformance {

struct StepResult {
  static constexpr int setup = -1;  // the index of the result of building the world

  int index = setup;
  Json answer;
  std::string message;  // the message of an error, for people; not part of the answer
};

// Any exception becomes an answer: an Error by its code, any other by a text that no scenario expects.
StepResult result_of(int index, const std::function<Json()>& work);

// A scenario that is played step by step.
class Playing {
 public:
  // The scenario must outlive this object. Throws if there is no database to play in.
  Playing(const Scenario& scenario, const StorageChoice& choice, Detail detail = Detail::format);

  // Call build() first. Neither function throws: any exception becomes an answer.
  StepResult build();
  StepResult take(std::size_t step);

  World& world() noexcept { return world_; }

 private:
  const Scenario& scenario_;
  World world_;
  Operations operations_;
};

// Returns one result for each step, in order. If the world cannot be built, or was expected not to build, that is the
// only result. Throws only if there is no database to play in.
std::vector<StepResult> play(const Scenario& scenario, const StorageChoice& choice);

}  // namespace struere::conformance
