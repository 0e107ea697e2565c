#include <struere/struere.hpp>

// An actor says who somebody is. Holding one is not being it, and an actor of one database is nothing to another.
void fragment(const struere::Session& session, const struere::Database& other) {
  const struere::ActorContext actor = session.actor();
#ifdef MUST_NOT_COMPILE
  other.entities(actor, "session");
#else
  (void)actor;
  (void)other;
#endif
}
