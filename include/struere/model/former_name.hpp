// A name that a field of an entity type had before a pack's migration renamed it (SPEC 5).
#pragma once

#include <cstdint>
#include <string>

#include "struere/core/clock.hpp"

namespace STRUERE_API struere {

// Older deleted rows and older events still have the former name. Masks treat both names as one field.
struct FormerName {
  std::string entity_type;    // slug
  std::int64_t position = 0;  // from 1, in the order of the renamings of the type
  std::string former;         // paths inside `data`, without the `data.`: "fee"
  std::string present;
  Timestamp created_at = 0;
};

}  // namespace struere
