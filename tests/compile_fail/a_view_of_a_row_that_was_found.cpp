#include <struere/struere.hpp>

// A view of a row is not made of the answer of `find` itself.
void fragment(const struere::EntityRepository& notes, const struere::EntityId& id) {
#ifdef MUST_NOT_COMPILE
  static_cast<void>(json_view(*notes.find(id)));
#else
  const std::string text = notes.find(id)->json();
#endif
}
