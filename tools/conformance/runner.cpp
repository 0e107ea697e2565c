#include "runner.hpp"

#include <functional>

#include "operations.hpp"
#include "struere/core/error.hpp"
#include "world.hpp"

namespace struere::conformance {
namespace {

// Any exception is an answer: those of the library by their code, all others by words that no scenario expects.
StepResult result_of(int index, const std::function<Json()>& work) {
  Json answer = Json::object();
  try {
    return {index, work(), {}};
  } catch (const Error& error) {
    answer["error"] = to_string(error.code());
    return {index, std::move(answer), error.what()};
  } catch (const std::exception& error) {
    answer["error"] = std::string("internal: ") + error.what();
    return {index, std::move(answer), error.what()};
  }
}

}  // namespace

std::vector<StepResult> play(const Scenario& scenario, const StorageChoice& choice) {
  World world(choice);
  StepResult setup = result_of(StepResult::setup, [&] {
    world.build(scenario);
    Json answer = Json::object();
    answer["ok"] = true;
    return answer;
  });
  if (scenario.setup_error || setup.answer.contains("error")) return {std::move(setup)};

  std::vector<StepResult> results;
  results.reserve(scenario.steps.size());
  Operations operations(world);
  for (std::size_t index = 0; index < scenario.steps.size(); ++index)
    results.push_back(
        result_of(static_cast<int>(index), [&] { return operations.perform(scenario.steps[index], index); }));
  return results;
}

}  // namespace struere::conformance
