// Plays one scenario on two storages: the memory storage interprets rules, the other one (such as SQLite) compiles
// them. A caller must not be able to tell which of them it uses.
#pragma once

#include <optional>
#include <string>

#include "conformance/scenario.hpp"
#include "conformance/scenario_storage.hpp"
#include "coverage.hpp"

namespace struere::proof {

// The first point at which the storages differ.
struct Difference {
  std::string place;  // "step 12", "acme/production"
  std::string what;   // "list", "log"
  std::string memory, other;
};

// Compares the building of the world, each step and, at the end, the logs of all scopes and the explanation of each
// row for each actor. All answers and error texts must be equal to the byte. `coverage` counts what was compared.
std::optional<Difference> find_difference(const conformance::Scenario& scenario, Coverage& coverage,
                                          const conformance::StorageChoice& other = {});

// The scenario, with the answers of the memory storage as the expected ones.
conformance::Scenario with_expectations(conformance::Scenario scenario);

}  // namespace struere::proof
