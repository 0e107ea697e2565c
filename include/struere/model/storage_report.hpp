// How a storage is: what `struere doctor` begins with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

// Fields of `data` by which the rows of a type are found without looking at all of them, first field first.
struct FieldKeyReport {
  OrganizationId organization;
  Environment environment;
  std::string entity_type;          // its slug
  std::vector<std::string> fields;  // {"data.team", "data.due"}
  bool is_whole = false;            // otherwise it is still being built, and serves no query yet
};

// How a storage is, apart from what its rows mean.
struct StorageReport {
  std::vector<std::string> faults;    // each says what to do; none: it is sound
  std::vector<std::string> warnings;  // what others may do to it: permissions that are too wide
  // nullopt if the storage keeps no such keys at all.
  std::optional<std::vector<FieldKeyReport>> field_keys;
};

}  // namespace struere
