#include <struere/struere.hpp>

void fragment() {
  const struere::ActorContext* actor = nullptr;
#ifdef MUST_NOT_COMPILE
  struere::ActorContext made({});
#else
  (void)actor;
#endif
}
