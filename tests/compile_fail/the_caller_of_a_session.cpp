#include <struere/struere.hpp>

// A caller would make repositories of anybody's; a session gives it to the library alone.
void fragment(const struere::Session& session) {
#ifdef MUST_NOT_COMPILE
  session.caller();
#else
  session.actor();
#endif
}
