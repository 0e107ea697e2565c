// Non-interference: two worlds that differ only in what an actor must not see must give it the same answers.
//
// Twins are one document: a scenario in which `{"twins": [one, other]}` may replace any value, and an `actor`, whose
// steps are equal in both worlds. So twins can be reduced as one document and written to a file that can be played
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

// Plays both worlds and compares all answers that the actor gets, including errors and their texts. At first, and
// after each step of others that differs, checks that the worlds differ only in what the actor must not see; if not,
// it stops, because the rest would prove nothing. Throws what the JSON library throws if the document is not twins.
std::optional<Interference> find_interference(const conformance::OrderedJson& twins, Coverage& coverage,
                                              const conformance::StorageChoice& choice = {});

}  // namespace struere::proof
