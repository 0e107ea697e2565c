// As whom an agent's tool acts (SPEC 8).
#pragma once

#include <optional>

#include "struere/model/actor_context.hpp"
#include "struere/model/agent.hpp"

namespace struere {

// The scope is the caller's, whatever the permission says; what narrows the caller narrows the tool.
class ToolIdentityResolver {
 public:
  // `role` is the permission's, resolved in the caller's scope; a role that is none there grants nothing.
  static ActorContext resolve(const ActorContext& caller, const ToolPermission& permission,
                              const std::optional<ActorRole>& role);
};

}  // namespace struere
