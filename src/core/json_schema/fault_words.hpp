// Describes a fault in words: the value, what was expected, and the keyword.
#pragma once

#include <string>
#include <vector>

#include "core/json_schema/schema_graph.hpp"

namespace struere::json_schema {

// A keyword of a node that a value does not satisfy.
struct Fault {
  const SchemaNode* node = nullptr;  // null if there is no fault
  Keyword keyword = Keyword::none;
  const Json* value = nullptr;
  const std::string* key = nullptr;  // the name of a member, if the name itself is at fault

  explicit operator bool() const noexcept { return node != nullptr; }
};

std::string_view name_of(Keyword keyword) noexcept;

// The keys and indexes that lead from `data` to the value at fault.
std::vector<std::string> place_of(const Fault& fault, const Json& data);

std::string words_of(const Fault& fault);

}  // namespace struere::json_schema
