// Which fields of `data` an index would serve: of rules and of schemas.
#pragma once

#include <set>
#include <string>

#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"

namespace struere {

using FieldNames = std::set<std::string>;  // "data.team"

// Those by which every row that the rule admits is found: compared by `eq` or `in`, alone or with all of others. None,
// of what cannot be read.
FieldNames indexed_fields(const std::string& rule);
FieldNames indexed_fields(const RoleRecord& role);
// Those whose schema says `"x-index": true`, and the one that holds the user of an own entity.
FieldNames indexed_fields(const EntityType& type);

}  // namespace struere
