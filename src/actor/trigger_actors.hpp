// As whom triggers act: the system actor of the scope that the write was in, and of no other.
#pragma once

#include "struere/model/actor_context.hpp"

namespace struere {

class TriggerActors {
 public:
  static ActorContext system_actor(const OrganizationId& organization, Environment environment, int cascade_depth,
                                   const std::string& cascade_origin = {}) {
    ActorContext::State state{Scope(organization, environment), ActorType::system, "system", {}, false};
    state.cascade_depth = cascade_depth;
    state.cascade_origin = cascade_origin;
    return ActorContext(std::move(state));
  }
};

}  // namespace struere
