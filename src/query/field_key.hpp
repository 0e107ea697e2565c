// Keys by which a storage may find and order rows by fields of `data` (docs/storage-format.md, "Field keys"): the sort
// keys of the values, one after the other, each cut so that no key grows with its value.
//
// Keys order as their lists of values do, first value first, wherever they differ; two that are the same may stand for
// different values only if one of those is a long string, an array or an object. So a key narrows and orders, and the
// row decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "struere/core/json.hpp"

namespace struere {

// Of a string, no more bytes than these are in its key.
inline constexpr std::size_t longest_key_text = 64;

// Adds the part of one value; null for an absent one.
void append_field_key(std::string& key, const Json* value);
// The same, of the value's canonical text; nullopt for an absent one.
void append_field_key(std::string& key, std::optional<std::string_view> canonical);
// The same, of the value's sort key (comparison.hpp).
void append_field_key_of_sort_key(std::string& key, std::string_view sort_key);

// Whether a key stands for one list of values only.
bool is_exact_field_key(std::string_view key);

// Follows each part that any value can have: `key + past_any_part` is past all keys that begin with `key`.
inline constexpr char past_any_part = '\x07';

}  // namespace struere
