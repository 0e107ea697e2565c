// Non-interference: two worlds that differ only in what an actor may not see must tell it the same.
//
// Twins are one document: a scenario in which `{"twins": [one, other]}` may stand in the place of any value, and an
// `actor`, whose steps are the same in both. So they can be cut down as one, and written to a file that can be played
// again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conformance/scenario.hpp"
#include "conformance/scenario_storage.hpp"
#include "coverage.hpp"

namespace struere::proof {

conformance::OrderedJson random_twins(std::uint64_t seed);

struct Interference {
  std::string place;  // "step 12 (list)"
  std::string one, other;
};

// Plays both and compares all that the actor is told, errors and their words included. First, and after each step of
// others that differs, makes sure that the twins do differ only in what the actor may not see; where they do not, what
// follows proves nothing and is not looked at. Throws what the JSON library throws for a document that is no twins.
std::optional<Interference> find_interference(const conformance::OrderedJson& twins, Coverage& coverage,
                                              const conformance::StorageChoice& choice = {});

}  // namespace struere::proof
