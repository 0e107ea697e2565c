#include "query/field_key.hpp"

#include <algorithm>

#include "struere/query/comparison.hpp"

namespace struere {
namespace {

// The first bytes of sort keys.
constexpr char first_of_number = '\x04', first_of_string = '\x05', first_of_structured = '\x06';
constexpr std::size_t size_of_number = 11;
// The byte after a string. A whole string sorts before all that begin with it, because no string contains U+0000.
constexpr char end_of_whole = '\x00', end_of_cut = '\x01';

void append_text(std::string& key, std::string_view text) {
  key += first_of_string;
  key += text.substr(0, longest_key_text);
  key += text.size() <= longest_key_text ? end_of_whole : end_of_cut;
}

}  // namespace

void append_field_key(std::string& key, const Json* value) {
  if (value && value->is_string())
    append_text(key, value->get_ref<const std::string&>());
  else
    key += sort_key(value);
}

void append_field_key(std::string& key, std::optional<std::string_view> canonical) {
  if (!canonical) return append_field_key(key, static_cast<const Json*>(nullptr));
  const char first = canonical->empty() ? '\0' : canonical->front();
  if (first == '{' || first == '[') {
    key += first_of_structured;
  } else if (first == '"' && canonical->find('\\') == std::string_view::npos) {
    append_text(key, canonical->substr(1, canonical->size() - 2));
  } else {
    const Json value = parse_canonical_json(*canonical);
    append_field_key(key, &value);
  }
}

void append_field_key_of_sort_key(std::string& key, std::string_view sort_key) {
  if (!sort_key.empty() && sort_key.front() == first_of_string)
    append_text(key, sort_key.substr(1));
  else
    key += sort_key;
}

bool is_exact_field_key(std::string_view key) {
  while (!key.empty()) {
    switch (key.front()) {
      case first_of_structured: return false;
      case first_of_number: key.remove_prefix(std::min(size_of_number, key.size())); break;
      case first_of_string: {
        const std::size_t end = key.find(end_of_whole);
        if (end == std::string_view::npos || end > longest_key_text + 1) return false;
        key.remove_prefix(end + 1);
        break;
      }
      default: key.remove_prefix(1);
    }
  }
  return true;
}

}  // namespace struere
