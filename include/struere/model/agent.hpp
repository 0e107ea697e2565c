// Agents: an identity for both environments, and a configuration for each (SPEC 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/model/action.hpp"

namespace STRUERE_API struere {

enum class AgentStatus { active, inactive };  // an inactive agent uses no tool and is not an actor

std::string_view to_string(AgentStatus status) noexcept;

// Shared by both environments of an organization. AgentConfig decides what the agent does, so that a key of
// development cannot switch production on or off.
struct Agent {
  AgentId id;
  std::string slug;  // as for an entity type; unique in the organization
  std::string name;
  std::string description;
  Timestamp created_at = 0;
  Timestamp updated_at = 0;
};

// Belongs to one environment. The newest version is in force; the others are its history.
struct AgentConfig {
  AgentId agent;
  std::int64_t version = 0;  // from 1, in each environment
  std::string system_prompt;
  std::string model;
  std::vector<std::string> tools;  // that it may use here
  std::vector<std::string> roles;  // by name; one that the scope does not have grants nothing
  AgentStatus status = AgentStatus::active;
  std::string created_by;
  Timestamp created_at = 0;
};

enum class ToolIdentity {
  inherit,     // the tool acts as its caller
  system,      // as the system actor of the caller's scope
  configured,  // as its caller, with one role instead of the caller's own
};

std::string_view to_string(ToolIdentity identity) noexcept;

// As whom a tool of an agent acts, and what it may not do. Shared by both environments; role names are resolved in the
// scope of the caller.
struct ToolPermission {
  AgentId agent;
  std::string tool;
  ToolIdentity identity = ToolIdentity::inherit;
  std::optional<std::string> role;                     // of `configured`
  std::optional<std::vector<Action>> allowed_actions;  // nullopt: all that the identity may do
  std::vector<std::string> denied_fields;              // "data.card", "status": hidden in every type
  Timestamp updated_at = 0;
};

}  // namespace struere
