// A scenario as it is written in a file: one line of JSON.
#pragma once

#include <istream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "struere/core/json.hpp"

namespace struere::conformance {

using OrderedJson = nlohmann::ordered_json;  // keeps the order in which the world is written, and so is made

struct Scenario {
  std::string name;
  OrderedJson organizations;
  std::vector<Json> steps;
  std::optional<std::string> setup_error;  // the code with which building the world must fail
};

// As a line of a file.
OrderedJson to_json(const Scenario& scenario);

// Throws what the JSON library throws where this is no scenario.
Scenario read_scenario(const OrderedJson& line);

// A file that cannot be read as scenarios; says where.
class UnreadableScenario : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Reads one scenario after another, so that those before a bad line are still played.
class ScenarioReader {
 public:
  ScenarioReader(std::istream& input, std::string file) : input_(input), file_(std::move(file)) {}

  std::optional<Scenario> next();  // nothing at the end

 private:
  std::istream& input_;
  std::string file_;
  std::size_t line_ = 0;
};

}  // namespace struere::conformance
