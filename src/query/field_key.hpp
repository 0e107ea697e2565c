// Keys by which a storage may find and order rows by fields of `data` (docs/storage-format.md, "Field keys"): the sort
// keys of the values, joined, each cut so that the size of a key is bounded.
//
// Different keys order as their lists of values do, first value first. Equal keys stand for different values only if
// one of those is a long string, an array or an object. So a key narrows and orders, and the row decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "struere/core/json.hpp"

namespace struere {

// The most bytes of a string that are in its key.
inline constexpr std::size_t longest_key_text = 64;

// Adds the part of one value; a null pointer stands for an absent value.
void append_field_key(std::string& key, const Json* value);
// The same from the canonical text of the value; nullopt stands for an absent value.
void append_field_key(std::string& key, std::optional<std::string_view> canonical);
// The same from the sort key of the value (comparison.hpp).
void append_field_key_of_sort_key(std::string& key, std::string_view sort_key);

// Whether a key stands for only one list of values.
bool is_exact_field_key(std::string_view key);

// Sorts after every part of a value: `key + past_any_part` is after all keys that begin with `key`.
inline constexpr char past_any_part = '\x07';

}  // namespace struere
