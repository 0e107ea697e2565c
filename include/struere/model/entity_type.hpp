// What a kind of entity looks like, in one scope (SPEC 3, 4 and 6).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"

namespace struere {

// A storage's own short name for an entity type. Never shown.
using EntityTypeKey = std::int64_t;

struct EntityType {
  EntityTypeKey key = 0;
  std::string slug;  // [a-z0-9][a-z0-9_-]{0,63}, no system resource's name
  std::string name;
  std::string schema = "{}";                 // JSON Schema of `data`, canonical text
  std::vector<std::string> search_fields;    // paths inside `data`, without it: "subject"
  std::optional<std::string> bound_to_role;  // the role whose holders may be one of these entities
  std::string user_id_field = "userId";      // the path inside `data` that holds the user's id
  Timestamp created_at = 0;
};

}  // namespace struere
