// Texts from outside, checked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

inline constexpr std::size_t longest_name = 200;  // in bytes

// [a-z0-9][a-z0-9_-]{0,63} (SPEC 3).
bool is_slug(std::string_view text) noexcept;

// Valid UTF-8 without U+0000, of at most `most` bytes.
bool is_text(const std::string& text, std::size_t most_bytes);

}  // namespace struere
