#include <struere/struere.hpp>

void fragment() {
  const struere::Authority* authority = nullptr;
#ifdef MUST_NOT_COMPILE
  const struere::Authority made;
#else
  (void)authority;
#endif
}
