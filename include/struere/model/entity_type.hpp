// The definition of an entity type, in one scope (SPEC 3, 4 and 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"

namespace STRUERE_API struere {

// The storage's own number of an entity type. Never shown.
using EntityTypeKey = std::int64_t;

// Paths inside `data`, without the `data.`. No two entities of the type that are not deleted may agree on all of them.
using UniqueKey = std::vector<std::string>;

struct EntityType {
  EntityTypeKey key = 0;
  std::string slug;  // [a-z0-9][a-z0-9_-]{0,63}, not a system resource or reserved word (SPEC 3)
  std::string name;
  std::string schema = "{}";                 // JSON Schema of `data`, canonical text
  std::vector<std::string> search_fields;    // paths inside `data`, without it: "subject"
  std::optional<std::string> bound_to_role;  // the role whose holders can be one of these entities
  std::string user_id_field = "userId";      // the path inside `data` that holds the user's id
  Timestamp created_at = 0;
  std::vector<UniqueKey> unique = {};  // at most 8 keys of 1 to 4 paths (SPEC 6, unique keys)
};

}  // namespace struere
