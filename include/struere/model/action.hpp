// The actions that policies allow or deny on a resource (SPEC 3).
#pragma once

#include <optional>
#include <string_view>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

enum class Action { create, read, update, remove, list };

// The words of SPEC 3; `remove` is sent and stored as "delete", which is a keyword of C++.
std::string_view to_string(Action action) noexcept;
std::optional<Action> parse_action(std::string_view text) noexcept;

}  // namespace struere
