// The differences between the SQL of two databases, as far as the compilers of this folder need them.
//
// Each database has functions of struere that work on canonical JSON text exactly as the interpreter does
// (docs/storages.md names them). A dialect gives their names. `{}` in a text is replaced by one expression.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace struere {

// What the SQL of records needs (record_sql.hpp).
struct RecordWords {
  char placeholder;            // stands before the number of a parameter: `?` of `?1`
  std::string_view tables;     // stands before the name of a table: that of a schema and a point, or nothing
  bool limit_in_text = false;  // a planner that sees no number expects a tenth of the rows

  // Parameters are written as `?1`. No other `?` is in what is written.
  std::string finish(std::string sql) const {
    if (placeholder != '?')
      for (char& c : sql)
        if (c == '?') c = placeholder;
    return sql;
  }
};

struct Dialect {
  char placeholder;      // the character before the number of a parameter, such as `?` in `?1`
  std::string_view yes;  // a condition that is always true
  std::string_view no;   // a condition that is never true

  // --- functions of struere
  std::string_view at;            // (data, path): the canonical text of a field; NULL if it is absent
  std::string_view is;            // (data, path, json): whether the field has this value, a condition
  std::string_view sort_key;      // (json): the bytes that order values; for NULL those of an absent value
  std::string_view value_key;     // (integer or text): the same for an attribute
  std::string_view contains;      // (json, json): the operator `contains`, a condition
  std::string_view search;        // (search, data): whether the search matches, a condition
  std::string_view view;          // (masks, data, bits): the data as a query may see it
  std::string_view key_of;        // (key, json): a field key extended by one value; NULL if an argument is NULL
  std::string_view key_join;      // (key, bytes): the concatenation; NULL if an argument is NULL
  std::string_view key_is_exact;  // (key): whether it stands for only one list of values, a condition

  // --- expressions that databases write differently
  std::string_view quoted;          // the text `{}` as JSON
  std::string_view list_of;         // the JSON texts `{}` of all rows, as one list
  std::string_view texts_of;        // a query for the elements of the list `{}`, all of which are texts
  std::string_view integers_of;     // the same; all elements are integers
  std::string_view asked_texts;     // a table named `asked` of the elements of `{}`, in its column `value`
  std::string_view position;        // (text, part): the position of the part, from 1; 0 if the text lacks it
  std::string_view greatest;        // (integer, integer)
  std::string_view without_index;   // precedes a column whose index must not be used to find rows
  std::string_view search_matches;  // a table of the rows that the search query `{}` finds, with the columns
                                    // scope_id and entity_id

  std::string finish(std::string sql) const { return RecordWords{placeholder, {}}.finish(std::move(sql)); }
};

}  // namespace struere
