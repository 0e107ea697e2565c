#include <struere/struere.hpp>

// As a_view_of_a_row_of_a_page.cpp.
void fragment(const struere::EntityRepository& notes) {
#ifdef MUST_NOT_COMPILE
  static_cast<void>(json_view(notes.list().front()));
#else
  const struere::EntityPage page = notes.list();
  static_cast<void>(json_view(page.front()));
#endif
}
