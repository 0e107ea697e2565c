// `INSERT … SELECT` of rows of the scope $1, as a text for each layout.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "storage/postgres/connection.hpp"

namespace struere::postgres {

class ScopedInsert {
 public:
  static constexpr std::string_view or_ignore = " ON CONFLICT DO NOTHING";

  // Into `columns` of the table, after its scope, `values` of each of `rows`: expressions, and what stands after FROM.
  ScopedInsert(std::string_view table, std::string_view columns, std::string_view values, std::string_view rows,
               std::string_view conflict)
      : one_server_(fmt::format("INSERT INTO struere.{}(scope_id, {}) SELECT $1::integer, {} FROM {}{}", table, columns,
                                values, rows, conflict)),
        // Citus sends a statement to the node of the rows that it selects; without any, it would use COPY, which row
        // security is not for.
        citus_(fmt::format("INSERT INTO struere.{}(scope_id, {}) SELECT h.scope_id, {} FROM struere.scope_heads h, {} "
                           "WHERE h.scope_id = $1{}",
                           table, columns, values, rows, conflict)) {}

  const std::string& text(const Connection& connection) const noexcept {
    return connection.is_citus() ? citus_ : one_server_;
  }

 private:
  std::string one_server_, citus_;
};

}  // namespace struere::postgres
