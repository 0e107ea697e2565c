// Checks of texts that callers pass.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

inline constexpr std::size_t longest_name = 200;  // in bytes

// Whether the text is [a-z0-9][a-z0-9_-]{0,63} (SPEC 3).
bool is_slug(std::string_view text) noexcept;

// Whether the text is valid UTF-8 without U+0000, of at most `most_bytes` bytes.
bool is_text(const std::string& text, std::size_t most_bytes);

}  // namespace struere
