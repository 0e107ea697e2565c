// Plays scenarios at a server of this process, whose clock and ids are the scenario's, and compares its answers with
// those of a database in memory.
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include "conformance/report.hpp"
#include "conformance/scenario.hpp"
#include "conformance/scenario_storage.hpp"

namespace struere::conformance {

// What the system actor does, and what HTTP cannot say, is done in process; every step is compared.
class HostedScenarios {
 public:
  explicit HostedScenarios(StorageChoice storage) : storage_(std::move(storage)) {}

  void play(const Scenario& scenario, Tally& tally);
  void print_counts(std::ostream& out) const;

 private:
  StorageChoice storage_;
  std::size_t over_http_ = 0;
  std::map<std::string, std::size_t> in_process_;  // steps, by the reason
};

}  // namespace struere::conformance
