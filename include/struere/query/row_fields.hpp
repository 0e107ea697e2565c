// The fields of a row that rules and filters look at (SPEC 4).
#pragma once

#include <optional>

#include "struere/core/export.hpp"
#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

// A stored row has all of them. A view may lack some: masks hid them.
struct RowFields {
  Json id = {};                                   // a string; always there
  Json data = {};                                 // an object; always there
  std::optional<Json> status = std::nullopt;      // a string
  std::optional<Json> created_at = std::nullopt;  // milliseconds since the Unix epoch
  std::optional<Json> updated_at = std::nullopt;

  // Null if the field is absent. A path walks objects only.
  const Json* find(const FieldPath& field) const&;
  const Json* find(const FieldPath& field) && = delete;
};

}  // namespace struere
