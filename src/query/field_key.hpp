// Keys by which a storage may find and order rows by fields of `data` (docs/storage-format.md, "Field keys"): the
// concatenated sort keys of the values, each cut so that the size of a key is bounded.
//
// Different keys sort as their lists of values do, first value first. Equal keys stand for different values only if
// one of those is a long string, an array or an object. A key therefore narrows and orders, and the row itself
// decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/companion.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_COMPANION_API struere {

// The maximum number of bytes of a string that its key holds.
inline constexpr std::size_t longest_key_text = 64;

// Appends the part of one value; a null pointer stands for an absent value.
void append_field_key(std::string& key, const Json* value);
// Does the same from the canonical text of the value; nullopt stands for an absent value.
void append_field_key(std::string& key, std::optional<std::string_view> canonical);
// Does the same from the sort key of the value (comparison.hpp).
void append_field_key_of_sort_key(std::string& key, std::string_view sort_key);

// Whether a key stands for only one list of values.
bool is_exact_field_key(std::string_view key);

// Sorts after every part of a value: `key + past_any_part` is after all keys that begin with `key`.
inline constexpr char past_any_part = '\x07';

}  // namespace struere
