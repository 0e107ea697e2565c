// Makes the actor of triggers: the system actor of the scope of the write.
#pragma once

#include "core/authority.hpp"
#include "struere/model/actor_context.hpp"

namespace struere {

class TriggerActors {
 public:
  static ActorContext system_actor(const OrganizationId& organization, Environment environment, int cascade_depth,
                                   const std::string& cascade_origin = {}) {
    ActorParts parts{Scope(authority(), organization, environment), ActorType::system, "system", {}};
    parts.cascade_depth = cascade_depth;
    parts.cascade_origin = cascade_origin;
    return ActorContext(authority(), std::move(parts));
  }
};

}  // namespace struere
