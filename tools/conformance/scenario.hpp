// A scenario as one line of JSON in a file.
#pragma once

#include <istream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::conformance {

using OrderedJson = nlohmann::ordered_json;  // keeps the order in which the world is written and then built

struct Scenario {
  std::string name;
  OrderedJson organizations;
  std::vector<Json> steps;
  std::optional<std::string> setup_error;  // the code with which building the world must fail
};

// The scenario as a line of a file.
OrderedJson to_json(const Scenario& scenario);

// Throws what the JSON library throws if the line is not a scenario.
Scenario read_scenario(const OrderedJson& line);

// A file cannot be read as scenarios. The message names the place.
class UnreadableScenario : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads one scenario after another, so that the scenarios before a faulty line are still played.
class ScenarioReader {
 public:
  ScenarioReader(std::istream& input, std::string file) : input_(input), file_(std::move(file)) {}

  std::optional<Scenario> next();  // nullopt at the end of the file

 private:
  std::istream& input_;
  std::string file_;
  std::size_t line_ = 0;
};

}  // namespace struere::conformance
