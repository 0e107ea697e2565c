// Stored fields that no schema names any more and that a role once masked and now shows.
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

// What roles masked is read from the log, as far back as it goes. Reads the rows and events of a type only where a role
// has masked more of it.
std::vector<ShownField> find_shown_fields(const Session& system);

}  // namespace struere
