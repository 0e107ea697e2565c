#include <struere/struere.hpp>

void fragment(const struere::ActorContext& actor, const struere::ActorContext& other) {
#ifdef MUST_NOT_COMPILE
  actor.scope() = other.scope();
#else
  (void)(actor.scope() == other.scope());
#endif
}
