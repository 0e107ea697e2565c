// The operations that SQL cannot express exactly, as C++ functions. Each only applies a definition of query/ to a
// stored value. All are deterministic, and the schema uses none of them, so that any SQLite can open the file.
#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/json_scan.hpp"
#include "query/field_key.hpp"
#include "storage/sql/view_masks.hpp"
#include "storage/sqlite/connection.hpp"
#include "struere/query/comparison.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {
namespace {

std::string_view text_of(sqlite3_value* value) {
  const auto* const bytes = reinterpret_cast<const char*>(sqlite3_value_text(value));
  return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

std::string_view blob_of(sqlite3_value* value) {
  const auto* const bytes = static_cast<const char*>(sqlite3_value_blob(value));
  return {bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

void answer_blob(sqlite3_context* context, const std::string& bytes) {
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

// An exception makes the statement fail, and with it the operation, so that no unmasked data is returned.
template <void (*Function)(sqlite3_context*, sqlite3_value**)>
void guarded_call(sqlite3_context* context, int, sqlite3_value** values) {
  try {
    Function(context, values);
  } catch (const std::exception&) {
    // The message does not contain the exception's text, which could quote stored data.
    sqlite3_result_error(context, "a stored row is damaged", -1);
  }
}

// struere_view(masks, data, bits): `data` as a query may see it, under the masks whose bits are '1'.
void view(sqlite3_context* context, sqlite3_value** values) {
  const auto* const masks = static_cast<ViewMasks*>(sqlite3_value_pointer(values[0], view_masks_kind));
  if (!masks) return sqlite3_result_error(context, "struere_view needs its masks", -1);
  std::string out;
  masks->splicer(text_of(values[2])).splice(text_of(values[1]), out);
  sqlite3_result_text64(context, out.data(), out.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// struere_at(json, path): the canonical text of a field (json_scan.hpp); NULL if it is absent.
void at(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return sqlite3_result_null(context);
  const auto found = find_in_canonical(text_of(values[0]), text_of(values[1]));
  if (!found) return sqlite3_result_null(context);
  sqlite3_result_text64(context, found->data(), found->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

// struere_is(json, path, value): whether struere_at(json, path) = value, without a copy of the text; NULL likewise.
void is(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[2]) == SQLITE_NULL)
    return sqlite3_result_null(context);
  const auto found = find_in_canonical(text_of(values[0]), text_of(values[1]));
  if (!found) return sqlite3_result_null(context);
  sqlite3_result_int(context, *found == text_of(values[2]) ? 1 : 0);
}

// struere_key_of(key, json): a field key (field_key.hpp) extended by one value; NULL if an argument is NULL.
void key_with(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
    return sqlite3_result_null(context);
  std::string key(blob_of(values[0]));
  append_field_key(key, std::optional(text_of(values[1])));
  answer_blob(context, key);
}

// struere_key_join(key, bytes): the concatenation; NULL if an argument is NULL.
void key_join(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
    return sqlite3_result_null(context);
  answer_blob(context, std::string(blob_of(values[0])).append(blob_of(values[1])));
}

// struere_key_is_exact(key): whether it stands for only one list of values.
void key_is_exact(sqlite3_context* context, sqlite3_value** values) {
  sqlite3_result_int(context, is_exact_field_key(blob_of(values[0])) ? 1 : 0);
}

// struere_key(json): the sort key of a canonical JSON text; NULL means an absent value.
void key(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL) return answer_blob(context, sort_key(nullptr));
  const Json value = parse_canonical_json(text_of(values[0]));
  answer_blob(context, sort_key(&value));
}

// struere_value_key(value): the sort key of an integer or a text; NULL means an absent value.
void value_key(sqlite3_context* context, sqlite3_value** values) {
  switch (sqlite3_value_type(values[0])) {
    case SQLITE_NULL: return answer_blob(context, sort_key(nullptr));
    case SQLITE_INTEGER: {
      const Json value = static_cast<std::int64_t>(sqlite3_value_int64(values[0]));
      return answer_blob(context, sort_key(&value));
    }
    default: {
      const Json value = std::string(text_of(values[0]));
      return answer_blob(context, sort_key(&value));
    }
  }
}

// struere_contains(json, json): the operator `contains`; false if an argument is NULL.
void contains(sqlite3_context* context, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL)
    return sqlite3_result_int(context, 0);
  const Json field = parse_canonical_json(text_of(values[0])), wanted = parse_canonical_json(text_of(values[1]));
  sqlite3_result_int(context, compare(&field, Operator::contains, wanted) ? 1 : 0);
}

// struere_search(search, data): whether the search matches.
void search(sqlite3_context* context, sqlite3_value** values) {
  const auto* const wanted = static_cast<Search*>(sqlite3_value_pointer(values[0], search_kind));
  if (!wanted) return sqlite3_result_error(context, "struere_search needs its terms", -1);
  RowFields fields;
  fields.data = parse_canonical_json(text_of(values[1]));
  sqlite3_result_int(context, matches(*wanted, fields) ? 1 : 0);
}

template <void (*Function)(sqlite3_context*, sqlite3_value**)>
void add(SQLite::Database& database, const char* name, int parameters) {
  const int code = sqlite3_create_function_v2(database.getHandle(), name, parameters,
                                              SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, nullptr,
                                              guarded_call<Function>, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw_storage_error(database.getHandle(), code, "registering a function");
}

}  // namespace

void register_functions(SQLite::Database& database) {
  add<view>(database, "struere_view", 3);
  add<at>(database, "struere_at", 2);
  add<is>(database, "struere_is", 3);
  add<key>(database, "struere_key", 1);
  add<key_with>(database, "struere_key_of", 2);
  add<key_join>(database, "struere_key_join", 2);
  add<key_is_exact>(database, "struere_key_is_exact", 1);
  add<value_key>(database, "struere_value_key", 1);
  add<contains>(database, "struere_contains", 2);
  add<search>(database, "struere_search", 2);
}

}  // namespace struere
