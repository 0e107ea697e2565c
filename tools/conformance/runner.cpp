#include "runner.hpp"

#include "struere/core/error.hpp"

namespace struere::conformance {

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

Playing::Playing(const Scenario& scenario, const StorageChoice& choice, Detail detail)
    : scenario_(scenario), world_(choice), operations_(world_, detail) {}

StepResult Playing::build() {
  return result_of(StepResult::setup, [&] {
    world_.build(scenario_);
    Json answer = Json::object();
    answer["ok"] = true;
    return answer;
  });
}

StepResult Playing::take(std::size_t step) {
  return result_of(static_cast<int>(step), [&] { return operations_.perform(scenario_.steps[step], step); });
}

std::vector<StepResult> play(const Scenario& scenario, const StorageChoice& choice) {
  Playing playing(scenario, choice);
  StepResult setup = playing.build();
  if (scenario.setup_error || setup.answer.contains("error")) return {std::move(setup)};

  std::vector<StepResult> results;
  results.reserve(scenario.steps.size());
  for (std::size_t step = 0; step < scenario.steps.size(); ++step) results.push_back(playing.take(step));
  return results;
}

}  // namespace struere::conformance
