// The actor as which an agent's tool acts (SPEC 8).
#pragma once

#include <optional>

#include "struere/model/actor_context.hpp"
#include "struere/model/agent.hpp"

namespace struere {

// The scope is always that of the caller. A restriction of the caller also applies to the tool.
class ToolIdentityResolver {
 public:
  // `role` is the permission's role, resolved in the caller's scope; nullopt, which grants nothing, if it does not
  // exist.
  static ActorContext resolve(const ActorContext& caller, const ToolPermission& permission,
                              const std::optional<ActorRole>& role);
};

}  // namespace struere
