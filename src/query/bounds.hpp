// Bounds of queries, definitions and answers (docs/limits.md). The error of each bound names it.
#pragma once

#include <cstddef>

namespace struere {

// --- queries: invalid_query
inline constexpr std::size_t most_conditions = 256;        // of `where`, groups included
inline constexpr std::size_t most_listed_values = 10'000;  // of one `in` or `nin`; also of a rule (invalid_definition)
inline constexpr std::size_t most_where_bytes = 1 << 20;   // of `where` as JSON text
inline constexpr std::size_t most_search_bytes = 4096;     // of the text of a search
inline constexpr std::size_t most_search_words = 64;
inline constexpr std::size_t most_order_keys = 16;
inline constexpr std::size_t most_shown_fields = 64;    // of `fields`
inline constexpr std::size_t most_expanded_fields = 8;  // of `expand`
inline constexpr std::size_t most_ids = 1000;           // of get_many
inline constexpr std::size_t most_group_fields = 3;     // of `groupBy`
inline constexpr std::size_t most_measures = 8;

// --- definitions: invalid_definition
inline constexpr std::size_t most_rule_conditions = 256;  // of a role, in all its rules, groups included
inline constexpr std::size_t most_masks = 1000;           // of a role
inline constexpr std::size_t most_visible_fields = 1000;  // of one `visibleFields`

// --- answers
inline constexpr std::size_t most_page_bytes = 8 << 20;     // a page ends early, with a cursor
inline constexpr std::size_t most_answer_bytes = 32 << 20;  // of get_many, and of what `expand` adds: invalid_query
inline constexpr std::size_t most_expanded_ids = 10'000;    // distinct, of one path: invalid_query
inline constexpr std::size_t most_group_bytes = 8 << 20;    // the values of an aggregate's groups: invalid_query

}  // namespace struere
