#include "core/text.hpp"

#include <algorithm>

#include "struere/core/json.hpp"

namespace struere {

bool is_slug(std::string_view text) noexcept {
  const auto lower_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && lower_or_digit(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return lower_or_digit(c) || c == '_' || c == '-'; });
}

bool is_text(const std::string& text, std::size_t most_bytes) {
  JsonFault fault;
  return text.size() <= most_bytes && canonical_json(Json(text), fault);
}

}  // namespace struere
