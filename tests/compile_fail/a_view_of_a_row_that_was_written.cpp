#include <struere/struere.hpp>

// A view of a row is not made of the answer to a write itself.
void fragment(const struere::EntityRepository& notes) {
#ifdef MUST_NOT_COMPILE
  static_cast<void>(json_view(*notes.create({}).row));
#else
  const std::string text = notes.create({}).row->json();
#endif
}
