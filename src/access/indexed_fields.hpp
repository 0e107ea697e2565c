// The fields of `data` by which rows are found and ordered: those of rules and of schemas.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace struere {

using FieldNames = std::set<std::string>;  // "data.team"

// The fields by which every row that the rule admits can be found: those compared with `eq` or `in`, alone or in an
// `all` group. Empty for a rule that cannot be read.
FieldNames indexed_fields(const std::string& rule);
FieldNames indexed_fields(const RoleRecord& role);
// The fields whose schema says `"x-index": true`, and the field with the user of an own entity.
FieldNames indexed_fields(const EntityType& type);

// Fields by which a storage keeps rows of a type in order, first field first: {"data.team", "data.due"}.
using KeyFields = std::vector<std::string>;

// Each costs every write of the type a little.
inline constexpr std::size_t most_keys_of_type = 32;
// The most `"x-index"` fields of a schema; more are `invalid_definition`.
inline constexpr std::size_t most_indexed_fields = 16;

// The keys of a type: one for each of its own fields, one for each field of its rules, and one for each field of a rule
// followed by each own field, so that a filter or an order inside a rule is one seek. `rules` are the rules of all
// roles of the scope for the type. A storage keeps the first most_keys_of_type of them.
std::vector<KeyFields> key_fields(const EntityType& type, const std::vector<std::string>& rules);

}  // namespace struere
