// One scenario on two storages: the memory storage interprets, the other one (SQLite, say) compiles, and a caller must
// not be able to tell which of them it has.
#pragma once

#include <optional>
#include <string>

#include "conformance/scenario.hpp"
#include "conformance/scenario_storage.hpp"
#include "coverage.hpp"

namespace struere::proof {

// Where the storages first differ.
struct Difference {
  std::string place;  // "step 12", "acme/production"
  std::string what;   // "list", "log"
  std::string memory, other;
};

// Compares building the world, each step, and at the end the logs of all scopes and why each actor sees each row: all
// that is answered, to the byte and the words of each error. `coverage` counts what was compared.
std::optional<Difference> find_difference(const conformance::Scenario& scenario, Coverage& coverage,
                                          const conformance::StorageChoice& other = {});

// The scenario with the memory storage's answers as those that are expected.
conformance::Scenario with_expectations(conformance::Scenario scenario);

}  // namespace struere::proof
