// Which threads an actor sees (SPEC 8): the threads that it began, and all threads if a policy lets it read threads.
#pragma once

#include "repository/guarded_operation.hpp"
#include "struere/model/thread.hpp"

namespace struere {

inline bool is_allowed_on_threads(GuardedOperation& operation, Action action) {
  return decide(operation.rules(), operation.actor(), action, "threads").allowed();
}

inline bool sees_thread(GuardedOperation& operation, const Thread& thread) {
  const ActorContext& actor = operation.actor();
  const bool began = thread.started_by_type == to_string(actor.type()) && thread.started_by == actor.id() &&
                     (!actor.restriction() || actor.restriction()->permits(Action::read));
  return began || is_allowed_on_threads(operation, Action::read);
}

}  // namespace struere
