// The agents of an organization, what the scope's environment makes of them, and as whom their tools act (SPEC 8).
// Governed by policies on `agents`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/model/agent.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

class Session;

struct NewAgent {
  std::string slug;
  std::string name;
  std::string description = {};
};

struct NewAgentConfig {
  std::string system_prompt;
  std::string model;
  std::vector<std::string> tools = {};
  std::vector<std::string> roles = {};     // of the agent as an actor of its own (TrustedHost::agent_session)
  std::optional<AgentStatus> status = {};  // nullopt: as in the version before; `active` in the first version
};

struct NewToolPermission {
  ToolIdentity identity = ToolIdentity::inherit;
  std::optional<std::string> role = {};  // of `configured`, and of nothing else
  std::optional<std::vector<Action>> allowed_actions = {};
  std::vector<std::string> denied_fields = {};  // `data.…`, `status`, `createdAt` or `updatedAt`
};

// Cheap, immutable, safe to share between threads. An agent that is none of the organization's is not_found.
class AgentRepository {
 public:
  explicit AgentRepository(Caller caller) : caller_(std::move(caller)) {}

  // --- identity, shared by both environments
  Agent define(const NewAgent& agent) const;  // makes it, or replaces the one with its slug
  Agent get(const std::string& slug) const;
  std::vector<Agent> list() const;  // by slug

  // --- configuration, of the actor's environment alone
  // A further version, in force at once. Whoever does not pass policies can hand on only roles that they hold. Throws
  // Error{invalid_data} for a role that this environment does not have.
  AgentConfig configure(const std::string& slug, const NewAgentConfig& config) const;
  AgentConfig config(const std::string& slug) const;                // not_found where this environment has none
  std::vector<AgentConfig> history(const std::string& slug) const;  // newest first, at most 1000

  // --- tools, shared by both environments. Changed only by org admins and by system actors that the host itself made:
  // neither by a key nor by a tool or trigger, so that nothing in development widens what a tool is in production.
  ToolPermission permit_tool(const std::string& slug, const std::string& tool,
                             const NewToolPermission& permission) const;
  bool forget_tool(const std::string& slug, const std::string& tool) const;  // back to `inherit`
  std::vector<ToolPermission> tool_permissions(const std::string& slug) const;

  // Whether the agent's configuration in the actor's environment is active and has this tool. Never throws for a
  // denial.
  Decision can_use_tool(const std::string& slug, const std::string& tool) const;

  // The session with which the tool acts for this actor. Its scope is this actor's, and it is narrowed as the tool's
  // permission says; give it to the tool only. Throws Error{permission_denied} if can_use_tool says no.
  Session tool_session(const std::string& slug, const std::string& tool) const;

 private:
  Caller caller_;
};

}  // namespace struere
