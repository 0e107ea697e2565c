#include "scenario.hpp"

#include <utility>

namespace struere::conformance {

OrderedJson to_json(const Scenario& scenario) {
  OrderedJson line;
  line["name"] = scenario.name;
  if (scenario.setup_error) line["setup_error"] = *scenario.setup_error;
  line["organizations"] = scenario.organizations;
  if (!scenario.steps.empty()) line["steps"] = scenario.steps;
  return line;
}

Scenario read_scenario(const OrderedJson& line) {
  Scenario scenario;
  scenario.name = line.at("name").get<std::string>();
  scenario.organizations = line.at("organizations");
  if (line.contains("setup_error")) scenario.setup_error = line.at("setup_error").get<std::string>();
  if (!line.contains("steps")) return scenario;
  const OrderedJson& steps = line.at("steps");
  if (!steps.is_array()) throw UnreadableScenario("`steps` is a list");
  scenario.steps.reserve(steps.size());
  for (const OrderedJson& step : steps) scenario.steps.emplace_back(step);
  return scenario;
}

std::optional<Scenario> ScenarioReader::next() {
  std::string text;
  while (std::getline(input_, text)) {
    ++line_;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    try {
      return read_scenario(OrderedJson::parse(text));
    } catch (const std::exception& fault) {
      throw UnreadableScenario(file_ + ":" + std::to_string(line_) + ": not a scenario: " + fault.what());
    }
  }
  if (input_.bad()) throw UnreadableScenario(file_ + ": cannot be read to its end");
  return std::nullopt;
}

}  // namespace struere::conformance
