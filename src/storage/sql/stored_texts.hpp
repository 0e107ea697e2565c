// Reads a list of texts from a column.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {

inline std::vector<std::string> read_texts(std::string_view canonical) {
  const Json json = parse_canonical_json(canonical);
  if (!json.is_array() || !std::ranges::all_of(json, [](const Json& text) { return text.is_string(); }))
    throw Error(ErrorCode::storage, "a stored list is damaged: it does not consist of texts; restore a backup");
  return json.get<std::vector<std::string>>();
}

}  // namespace struere
