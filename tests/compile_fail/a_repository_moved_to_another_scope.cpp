#include <struere/struere.hpp>

// A repository is bound to one actor when it is made; no operation takes an environment or a scope beside it.
void fragment(const struere::Database& database, const struere::ActorContext& actor) {
  const struere::EntityRepository sessions = database.entities(actor, "session");
#ifdef MUST_NOT_COMPILE
  sessions.get(struere::EntityId("x"), struere::Environment::production);
#else
  sessions.get(struere::EntityId("x"));
#endif
}
