// What stands for a value in a compiled selection: the value itself, or the place of one that each request brings.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "storage/sqlite/connection.hpp"
#include "struere/query/selection.hpp"

namespace struere {

struct Slot {
  enum class Value { user_id, organization_id, id, limit, position };
  enum class Form {
    text,
    json,      // canonical
    sort_key,  // comparison.hpp
    column,    // as the column of an attribute holds it: an integer or a text
    integer,
  };

  Value value;
  Form form;
  std::size_t key = 0;  // position: which key of the order
};

using SelectionParameter = std::variant<Parameter, Slot>;

// Fills the slots of one statement in. What is bound stands in it, so that it must outlive the execution.
class SlotValues {
 public:
  explicit SlotValues(const ActorValues& actor, const Selection* selection = nullptr)
      : actor_(actor), selection_(selection) {}
  SlotValues(const SlotValues&) = delete;
  SlotValues& operator=(const SlotValues&) = delete;

  // To ?2 and on.
  void bind(Statement& statement, const std::vector<SelectionParameter>& parameters);

 private:
  void bind(Statement& statement, int index, const Slot& slot);
  void bind_position(Statement& statement, int index, const Slot& slot);

  const ActorValues& actor_;
  const Selection* selection_;  // null where there are slots for the actor alone
  std::vector<std::string> texts_;
};

}  // namespace struere
