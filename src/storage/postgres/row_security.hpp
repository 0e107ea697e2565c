// The fourth wall: which rows of each table a connection sees, decided by the server (docs/threat-model.md).
//
// Each table has row security, forced on its owner as well. A row of a scope is seen inside that scope alone, which a
// transaction states by `SET LOCAL struere.scope`; without it, a statement on such a table fails. The few tables that
// are read before a scope is known are named in row_security.cpp, each with the reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace struere::postgres {

struct Policy {
  std::string_view name;
  std::string_view command;  // ALL, SELECT, INSERT, UPDATE or DELETE
  std::string_view sees;     // an expression; empty: none
  std::string_view writes;   // the same, of rows as written
};

// Where the tables are. Citus takes no policy that asks another table, so that a transaction states its organization
// there as well, by `SET LOCAL struere.organization` (docs/scale.md).
enum class Layout { one_server, citus };

// How a table is walled in, and what the role of the application may do with it.
struct TableWall {
  std::string table;
  std::vector<Policy> policies;
  std::string privileges;  // "SELECT, INSERT"
};

// Of all tables of the schema, in the order in which they are made. Throws std::logic_error for a table with neither a
// scope nor an organization that row_security.cpp does not name: nobody decided yet who sees its rows.
const std::vector<TableWall>& table_walls(Layout layout);

// Statements that give the table these policies and no others.
std::vector<std::string> statements_of(const TableWall& wall, const std::vector<std::string>& present_policies);

}  // namespace struere::postgres
