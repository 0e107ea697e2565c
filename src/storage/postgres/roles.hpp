// The three roles of a database: whose the tables are, who works with them, and who reads all of them for a backup.
#pragma once

#include <string>
#include <vector>

#include "storage/postgres/connection.hpp"
#include "storage/postgres/row_security.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere::postgres {

// "name", quoted as an identifier. Throws Error{invalid_data} for a name that PostgreSQL does not take.
std::string quoted_role(const std::string& name);

bool is_superuser(Connection& connection);

// Statements that make the roles that are missing. Throws Error{conflict} if the application's role passes row
// security, or two roles have the same name.
std::vector<std::string> role_statements(Connection& connection, const PostgresRoles& roles);

// What the roles may do: nothing but this.
std::vector<std::string> grant_statements(const PostgresRoles& roles, Layout layout);

// For a superuser: an expression inside a statement cannot change the scope then, as set_config() would.
std::vector<std::string> setting_statements(const PostgresRoles& roles);

}  // namespace struere::postgres
