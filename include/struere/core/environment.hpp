// The two environments of an organization. Nothing else is one (SPEC 1).
#pragma once

#include <optional>
#include <string_view>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

enum class Environment { development, production };

// The stored and sent word: "development" or "production".
std::string_view to_string(Environment environment) noexcept;

// Exact and case-sensitive; nullopt for any other text.
std::optional<Environment> parse_environment(std::string_view text) noexcept;

}  // namespace struere
