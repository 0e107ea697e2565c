// The parts of the place that is a server.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/http_client.hpp"
#include "cli/place.hpp"

namespace struere::cli {

using Parameters = std::vector<std::pair<std::string, std::optional<std::string>>>;

std::unique_ptr<DefinitionPlace> remote_definitions(std::shared_ptr<const HttpClient> client, Environment environment);
std::unique_ptr<PackPlace> remote_packs(std::shared_ptr<const HttpClient> client, Environment environment);
// `parameters` name the environment and choose the events.
std::unique_ptr<EventFeed> remote_feed(std::shared_ptr<const HttpClient> client, Parameters parameters);
// `scope` names the environment.
std::unique_ptr<AgentPlace> remote_agents(std::shared_ptr<const HttpClient> client, Parameters scope);

}  // namespace struere::cli
