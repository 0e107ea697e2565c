// The restriction of an actor while a tool acts as it (SPEC 8). It only narrows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/model/action.hpp"

namespace STRUERE_API struere {

struct Restriction {
  std::optional<std::vector<Action>> allowed_actions;  // nullopt: all that the actor may do
  std::vector<std::string> denied_fields;              // hidden from it in every type: "data.card", "status"

  bool permits(Action action) const noexcept;
  bool is_empty() const noexcept { return !allowed_actions && denied_fields.empty(); }  // restricts nothing
};

// The restriction that applies both.
Restriction narrowed(const Restriction& one, const Restriction& other);

}  // namespace struere
