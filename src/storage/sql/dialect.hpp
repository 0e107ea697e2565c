// What differs between the SQL of one database and another, as the compilers of this folder ask for it.
//
// A database has functions of ours that work on canonical JSON text as the interpreter does (docs/storages.md names
// them); a dialect says what they are called. Where there is `{}`, one expression is put.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace struere {

// What the SQL of records needs (record_sql.hpp).
struct RecordWords {
  char placeholder;         // stands before the number of a parameter: `?` of `?1`
  std::string_view tables;  // stands before the name of a table: that of a schema and a point, or nothing

  // Parameters are written as `?1`. No other `?` is in what is written.
  std::string finish(std::string sql) const {
    if (placeholder != '?')
      for (char& c : sql)
        if (c == '?') c = placeholder;
    return sql;
  }
};

struct Dialect {
  char placeholder;      // stands before the number of a parameter: `?` of `?1`
  std::string_view yes;  // a condition that is always true
  std::string_view no;   // a condition that is never true

  // --- functions of ours
  std::string_view at;            // (data, path): the canonical text of a field; NULL if it is absent
  std::string_view sort_key;      // (json): the bytes by which values are ordered; of NULL those of an absent value
  std::string_view value_key;     // (integer or text): likewise
  std::string_view contains;      // (json, json): the operator `contains`, a condition
  std::string_view search;        // (search, data): whether the search matches, a condition
  std::string_view view;          // (masks, data, bits): the data as a query may look at it
  std::string_view key_of;        // (key, json): a field key and the part of one value more; NULL of NULL
  std::string_view key_join;      // (key, bytes): one after the other; NULL of NULL
  std::string_view key_is_exact;  // (key): whether it stands for one list of values only, a condition

  // --- what databases call by different names
  std::string_view quoted;          // `{}`, a text, as JSON
  std::string_view list_of;         // `{}`, the JSON texts of all rows, as one list
  std::string_view texts_of;        // a query for the elements of the list `{}`, all of them texts
  std::string_view integers_of;     // likewise, all of them integers
  std::string_view asked_texts;     // a table of those elements of which column `value` is each, called `asked`
  std::string_view position;        // (text, part): where the part begins, from 1; 0 if it is not in the text
  std::string_view greatest;        // (integer, integer)
  std::string_view without_index;   // before a column that is no way to its rows
  std::string_view search_matches;  // a table of what the question `{}` to the index of words finds: scope_id,
                                    // entity_id

  std::string finish(std::string sql) const { return RecordWords{placeholder, {}}.finish(std::move(sql)); }
};

}  // namespace struere
