// The fields of `data` that rules and schemas index, by which a storage finds and orders rows.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace struere {

using FieldNames = std::set<std::string>;  // "data.team"

// The fields by which every row that the rule admits can be found: fields compared with `eq` or `in`, either as the
// whole rule or inside an `all` group. Empty if the rule cannot be read.
FieldNames indexed_fields(const std::string& rule);
FieldNames indexed_fields(const RoleRecord& role);
// The fields whose schema says `"x-index": true`, and the `userIdField` of a type with `boundToRole`.
FieldNames indexed_fields(const EntityType& type);

// The fields by which a storage keeps the rows of a type in order, first field first: {"data.team", "data.due"}.
using KeyFields = std::vector<std::string>;

// Each key adds a small cost to every write of the type.
inline constexpr std::size_t most_keys_of_type = 32;
// The maximum number of `"x-index"` fields of a schema; more are `invalid_definition`.
inline constexpr std::size_t most_indexed_fields = 16;
inline constexpr std::size_t most_search_fields = 64;

// The keys of a type: one for each of its own fields, each unique key, each field of its rules, and each field that a
// rule compares with `eq` followed by each own field, so that a filter or an order inside a rule is one seek. `rules`
// are the rules of all roles of the scope for the type. A storage keeps the first most_keys_of_type keys.
std::vector<KeyFields> key_fields(const EntityType& type, const std::vector<std::string>& rules);

}  // namespace struere
