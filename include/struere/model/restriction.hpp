// What is taken away from an actor while a tool acts as it (SPEC 8). A restriction only ever narrows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/model/action.hpp"

namespace struere {

struct Restriction {
  std::optional<std::vector<Action>> allowed_actions;  // none: all that the actor may do anyway
  std::vector<std::string> denied_fields;              // hidden from it in every type: "data.card", "status"

  bool permits(Action action) const noexcept;
  bool is_empty() const noexcept { return !allowed_actions && denied_fields.empty(); }  // takes nothing away
};

// What both leave over.
Restriction narrowed(const Restriction& one, const Restriction& other);

}  // namespace struere
