// Converts the values of an original row to the types of their columns. All functions throw Error{invalid_data} if a
// value does not have the type of its column.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adoption/adoption_tables.hpp"
#include "core/digest.hpp"
#include "struere/core/json.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/model/role.hpp"
#include "struere/spi/record.hpp"

namespace struere {

// Returns NULL, a number or a text. JSON becomes canonical text; a hash becomes its bytes as a text.
RecordValue read_adoption_value(const AdoptionColumn& column, const AdoptionValue& value);

class AdoptionValues {
 public:
  AdoptionValues(const AdoptionTable& table, const AdoptionRow& row) : table_(table), row_(row) {}

  bool has(std::string_view column) const;
  RecordValue value(std::string_view column) const;
  std::string text(std::string_view column) const;
  std::int64_t number(std::string_view column) const;
  std::optional<std::string> optional_text(std::string_view column) const;
  std::optional<std::int64_t> optional_number(std::string_view column) const;
  std::vector<std::string> texts(std::string_view column) const;

 private:
  const AdoptionTable& table_;
  const AdoptionRow& row_;
};

EntityType adopted_entity_type(const AdoptionRow& row);

// `parts` returns the rows of a table that belong to the role.
RoleRecord adopted_role(const AdoptionRow& row,
                        const std::function<std::vector<AdoptionRow>(const AdoptionTable& table)>& parts);

}  // namespace struere
