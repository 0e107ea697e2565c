// Plays scenarios against a running server, and compares its answers with those of a database in memory.
#pragma once

#include <cstddef>
#include <map>
#include <ostream>
#include <string>

#include "cli/http_client.hpp"
#include "conformance/report.hpp"
#include "conformance/scenario.hpp"

namespace struere::conformance {

bool is_server(const std::string& storage) noexcept;  // http://… or https://…

// An org admin who is signed in to a server, in an organization without definitions: each scenario is built there, and
// what it made is purged.
class RemoteScenarios {
 public:
  // `link` is one that `struere operators invite USER` or `struere serve --invite USER` prints. Throws
  // std::runtime_error if the user is not an org admin or the organization has definitions.
  explicit RemoteScenarios(const std::string& link);

  // A scenario of several organizations is played once for each, because neither sees the other.
  void play(const Scenario& scenario, Tally& tally);
  void print_skipped(std::ostream& out) const;

 private:
  void play_organization(const Scenario& scenario, const std::string& organization, Tally& tally);

  cli::ServerAddress address_;
  cli::HttpClient admin_;
  std::string user_;
  std::map<std::string, std::size_t> skipped_;  // steps, by the reason
};

}  // namespace struere::conformance
