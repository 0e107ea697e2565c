#include <struere/struere.hpp>

// A repository is bound to one actor when it is made; no operation takes an environment or a scope beside it.
void fragment(const struere::Session& session) {
  const struere::EntityRepository sessions = session.entities("session");
#ifdef MUST_NOT_COMPILE
  sessions.get(struere::EntityId("x"), struere::Environment::production);
#else
  sessions.get(struere::EntityId("x"));
#endif
}
