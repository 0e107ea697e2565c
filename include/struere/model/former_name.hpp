// A name that a field of an entity type had before a pack's migration renamed it (SPEC 5).
#pragma once

#include <cstdint>
#include <string>

#include "struere/core/clock.hpp"

namespace struere {

// Rows that were deleted before and events that were written before still hold the former name. Masks take both names
// for one field.
struct FormerName {
  std::string entity_type;    // slug
  std::int64_t position = 0;  // from 1, in the order of the renamings of the type
  std::string former;         // paths inside `data`, without it: "fee"
  std::string present;
  Timestamp created_at = 0;
};

}  // namespace struere
