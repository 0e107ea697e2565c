// Checks of the arguments of a caller other than entities, made before anything is stored.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

#include "core/text.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {

inline constexpr std::size_t longest_text = 1 << 20;

inline void require_name(const std::string& text, const char* what) {
  if (text.empty() || !is_text(text, longest_name))
    throw Error(ErrorCode::invalid_data, fmt::format("{} is valid UTF-8 of 1 to {} bytes", what, longest_name));
}

// Of a key or an assignment.
inline void require_future(const std::optional<Timestamp>& expires_at, Timestamp now) {
  if (expires_at && *expires_at <= now)
    throw Error(ErrorCode::invalid_data, "`expires_at` is in the past; it is in milliseconds");
}

inline constexpr std::size_t longest_description = 4096;  // of an agent; all agents are listed at once

inline void require_text(const std::string& text, const char* what, std::size_t longest = longest_text) {
  if (!is_text(text, longest))
    throw Error(ErrorCode::invalid_data, fmt::format("{} is valid UTF-8 of at most {} bytes", what, longest));
}

inline void require_slug(const std::string& text, const char* what) {
  if (!is_slug(text))
    throw Error(ErrorCode::invalid_data,
                fmt::format("{} is 1 to 64 lower-case letters, digits, _ and -, the first a letter or digit", what));
}

inline void require_names(const std::vector<std::string>& names, const char* what) {
  constexpr std::size_t most = 200;
  if (names.size() > most) throw Error(ErrorCode::invalid_data, fmt::format("{} are at most {}", what, most));
  for (const std::string& name : names) require_name(name, what);
}

inline constexpr std::int64_t most_in_page = 1000;

inline void require_limit(std::int64_t limit) {
  if (limit < 1 || limit > most_in_page) throw Error(ErrorCode::invalid_query, "`limit` is from 1 to 1000");
}

// Returns `value` in canonical form. Throws invalid_data if it cannot be stored or is of another JSON type.
inline Json require_json(const Json& value, Json::value_t type, const char* what) {
  JsonFault fault;
  const auto text = canonical_json(value, fault);
  if (!text) throw Error(ErrorCode::invalid_data, fmt::format("{} cannot be stored: {}", what, fault.message));
  if (value.type() != type)
    throw Error(ErrorCode::invalid_data,
                fmt::format("{} is a JSON {}", what, type == Json::value_t::object ? "object" : "array"));
  return parse_canonical_json(*text);
}

}  // namespace struere
