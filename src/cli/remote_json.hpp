// The library's own types, from the JSON of a server (docs/http.md).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "cli/place.hpp"

namespace struere::cli {

// nullopt if the member is missing, or of another type.
std::optional<std::string> text_in(const Json& json, const char* name);
std::optional<Timestamp> time_in(const Json& json, const char* name);

// The value with this word. Throws Error{storage} if none of `all` has it: the server is newer.
template <class Enum, std::size_t size>
Enum value_of(const Json& word, const std::array<Enum, size>& all) {
  for (const Enum each : all)
    if (word == to_string(each)) return each;
  throw Error(ErrorCode::storage, "the server answered a word that this version does not know; use a newer one");
}

// Throw an exception of the JSON library, or Error{storage}, if a server answers something else.
Entity entity_of(const std::string& type, const Json& json);
Written written_of(const std::string& type, const Json& json);
Event event_of(const Json& json);
ApiKey key_of(const Json& json);
TriggerRun run_of(const Json& json);
Agent agent_of(const Json& json);
AgentConfig agent_config_of(const Json& json);
Thread thread_of(const Json& json);
Message message_of(const Json& json);
Execution execution_of(const Json& json);
OperatorSession operator_session_of(const Json& json);
Finding finding_of(const Json& json);
Release release_of(const Json& json);
// Without `definitions`, which the server does not repeat.
ChangePlan plan_of(const Json& json, Environment environment, const PlanOptions& options);
Explanation explanation_of(const Json& json);

// For a request.
Json json_of(const PlanOptions& options);

}  // namespace struere::cli
