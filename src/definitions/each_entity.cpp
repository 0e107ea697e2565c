#include "definitions/each_entity.hpp"

namespace struere {

void each_entity(GuardedOperation& operation, const EntityType& type,
                 const std::function<void(const EntityRow&)>& visit) {
  Selection selection;
  selection.type = type.key;
  selection.grants = std::make_shared<const Grants>(Grants{Grant{}});
  // That of the index; neither changes with the row.
  selection.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  selection.limit = 1000;
  do {
    const Page page = operation.transaction().select(selection);
    for (const EntityRow& row : page.rows) visit(row);
    selection.after = page.next;
  } while (selection.after);
}

}  // namespace struere
