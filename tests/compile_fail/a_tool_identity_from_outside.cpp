#include <struere/struere.hpp>

// What makes actors of other actors is not installed.
void fragment(const struere::Session& session) {
#ifdef MUST_NOT_COMPILE
  struere::ToolIdentityResolver::resolve(session.actor(), {}, {});
#else
  session.agents().tool_session("assistant", "search");
#endif
}
