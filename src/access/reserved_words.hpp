// The words that begin the types of struere's own events, and the words that follow an entity type in them (SPEC 3,
// 7).
//
// All checks use this table. No entity type may have such a slug and no host may write an event of such a type, so
// every event of such a type was written by struere.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace struere {

inline constexpr std::array<std::string_view, 12> event_words{"access", "agent",       "api-key", "deploy",
                                                              "entity", "entity-type", "events",  "member",
                                                              "pack",   "role",        "sync",    "trigger"};

// The words that end `{type}.created` and similar events.
inline constexpr std::array<std::string_view, 5> entity_event_words{"created", "updated", "deleted", "restored",
                                                                    "purged"};

inline bool is_event_word(std::string_view word) noexcept {
  return std::ranges::find(event_words, word) != event_words.end();
}

// Whether struere writes events of this type, or would if some entity type existed.
inline bool is_own_event_type(std::string_view type) noexcept {
  const auto dot = type.find('.');
  if (dot == std::string_view::npos) return is_event_word(type);
  return is_event_word(type.substr(0, dot)) ||
         std::ranges::find(entity_event_words, type.substr(dot + 1)) != entity_event_words.end();
}

// Throws Error{invalid_definition} if a newly defined type may not have this slug. A type that was defined before the
// word was reserved keeps its slug.
void check_new_slug(const std::string& slug);

}  // namespace struere
