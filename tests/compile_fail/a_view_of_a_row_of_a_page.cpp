#include <struere/struere.hpp>

// A view of a row is not made of a page that is gone with the statement; the text itself may be taken.
void fragment(const struere::EntityRepository& notes) {
#ifdef MUST_NOT_COMPILE
  static_cast<void>(json_view(notes.list()[0]));
#else
  const std::string text = notes.list()[0].json();
#endif
}
