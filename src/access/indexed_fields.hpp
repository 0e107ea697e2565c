// Which fields of `data` rows are found and ordered by: those of rules and of schemas.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace struere {

using FieldNames = std::set<std::string>;  // "data.team"

// The fields by which every row that the rule admits is found: compared by `eq` or `in`, alone or together with all
// others of a group `all`. Empty for a rule that cannot be read.
FieldNames indexed_fields(const std::string& rule);
FieldNames indexed_fields(const RoleRecord& role);
// Those whose schema says `"x-index": true`, and the one that holds the user of an own entity.
FieldNames indexed_fields(const EntityType& type);

// Fields by which a storage keeps rows of a type in order, first field first: {"data.team", "data.due"}.
using KeyFields = std::vector<std::string>;

// Each costs every write of the type a little.
inline constexpr std::size_t most_keys_of_type = 32;
// Of a schema's fields; more are `invalid_definition`.
inline constexpr std::size_t most_indexed_fields = 16;

// What a type's rows are to be kept by: the type's own fields, each field of its rules, and each of these followed by
// each of those, so that a filter or an order by the one inside a rule on the other is one seek. `rules` are the rules
// of all roles of the scope for the type. The first most_keys_of_type of the answer are what a storage keeps.
std::vector<KeyFields> key_fields(const EntityType& type, const std::vector<std::string>& rules);

}  // namespace struere
