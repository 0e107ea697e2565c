// SQLite's dialect for the compilers of storage/sql. The functions of struere are in functions.cpp.
#pragma once

#include "storage/sql/dialect.hpp"

namespace struere {

inline constexpr RecordWords sqlite_record_words{.placeholder = '?', .tables = ""};

inline constexpr Dialect sqlite_dialect{
    .placeholder = '?',
    .yes = "1",
    .no = "0",
    .at = "struere_at",
    .is = "struere_is",
    .sort_key = "struere_key",
    .value_key = "struere_value_key",
    .contains = "struere_contains",
    .search = "struere_search",
    .view = "struere_view",
    .key_of = "struere_key_of",
    .key_join = "struere_key_join",
    .key_is_exact = "struere_key_is_exact",
    .quoted = "json_quote({})",
    .list_of = "'[' || coalesce(group_concat({}, ','), '') || ']'",
    .texts_of = "SELECT value FROM json_each({})",
    .integers_of = "SELECT value FROM json_each({})",
    .asked_texts = "json_each({}) asked",
    .position = "instr",
    .greatest = "max",
    .without_index = "+",
    .search_matches = "entity_search({})",
};

}  // namespace struere
