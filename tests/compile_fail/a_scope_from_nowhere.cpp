#include <struere/struere.hpp>

void fragment() {
  const struere::Scope* scope = nullptr;
#ifdef MUST_NOT_COMPILE
  struere::Scope made(struere::OrganizationId("acme"), struere::Environment::production);
#else
  (void)scope;
#endif
}
