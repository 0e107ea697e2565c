// Finds stored fields that no schema contains any more, and that a role masked earlier and shows now.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "struere/repository/session.hpp"

namespace struere {

struct ShownField {
  std::string role, entity_type;
  std::string path;  // "data.secret"
  std::int64_t rows = 0, events = 0;
};

// Reads earlier masks from the log, as far back as it goes. Reads the rows and events of a type only if a role has
// masked more of it than it does now.
std::vector<ShownField> find_shown_fields(const Session& system);

}  // namespace struere
