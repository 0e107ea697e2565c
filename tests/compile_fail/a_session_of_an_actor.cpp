#include <struere/struere.hpp>

void fragment(const struere::Session& session) {
#ifdef MUST_NOT_COMPILE
  struere::Session made(session.actor());
#else
  struere::Session made(session);
#endif
}
