// A numbered snapshot of the definitions of a scope, which can be restored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "struere/core/clock.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

struct Release {
  std::int64_t number = 0;  // from 1, in each scope
  Json definitions;         // all of them, as DefinitionSet::to_json writes them
  Json changes;             // the plan that was carried out, as ChangePlan::to_json writes it
  std::string note;
  std::optional<std::int64_t> restores;  // for a rollback: the number of the release that it restored
  std::string created_by_type;
  std::string created_by;
  Timestamp created_at = 0;
};

}  // namespace struere
