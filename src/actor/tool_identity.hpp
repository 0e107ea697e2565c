// As whom an agent's tool acts (SPEC 8).
#pragma once

#include <optional>

#include "struere/model/actor_context.hpp"
#include "struere/model/agent.hpp"

namespace struere {

// The scope is always that of the caller. A restriction of the caller also restricts the tool.
class ToolIdentityResolver {
 public:
  // `role` is that of the permission, resolved in the caller's scope; a role that does not exist there grants nothing.
  static ActorContext resolve(const ActorContext& caller, const ToolPermission& permission,
                              const std::optional<ActorRole>& role);
};

}  // namespace struere
