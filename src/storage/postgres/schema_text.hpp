// The tables and columns that the steps of the schema make, read from their text.
#pragma once

#include <string>
#include <vector>

namespace struere::postgres {

struct ColumnText {
  std::string name;
  std::string type;  // "text", "bigint", "integer", "bytea"
  bool is_required = false;

  friend auto operator<=>(const ColumnText&, const ColumnText&) = default;
};

struct TableText {
  std::string name;  // without the schema
  std::vector<ColumnText> columns;

  bool has(std::string_view column) const;
};

// In the order in which they are made. Throws std::logic_error if a step is written in a way that is not understood.
const std::vector<TableText>& schema_tables();

}  // namespace struere::postgres
