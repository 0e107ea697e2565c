#include <struere/struere.hpp>

void fragment() {
  struere::UserId user("ana");
  struere::OrganizationId organization("acme");
#ifdef MUST_NOT_COMPILE
  user = organization;
#else
  organization = struere::OrganizationId("globex");
#endif
}
