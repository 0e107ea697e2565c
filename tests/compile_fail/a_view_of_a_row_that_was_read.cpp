#include <struere/struere.hpp>

// A view of a row is not made of the answer of `get` itself.
void fragment(const struere::EntityRepository& notes, const struere::EntityId& id) {
#ifdef MUST_NOT_COMPILE
  static_cast<void>(json_view(notes.get(id)));
#else
  const struere::Entity row = notes.get(id);
  static_cast<void>(json_view(row));
#endif
}
