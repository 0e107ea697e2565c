// Whether a database is as `struere pg init` makes it, asked of its catalog when it is opened.
#pragma once

#include "storage/postgres/connection.hpp"
#include "storage/postgres/row_security.hpp"

namespace struere::postgres {

// Throws Error{storage}, with what mends it, if
//   the role of the connection passes row security: a superuser, or BYPASSRLS, or a role that may become one
//   the setting row_security is off
//   a table or a column is missing or of another kind, or the version of the tables is another
//   row security is not on, or not forced, or a policy is not ours
//   there is a trigger, a rule or a view that struere did not make
//   the role has rights on a table that row security does not narrow: TRUNCATE, REFERENCES or TRIGGER; or PUBLIC has
//   any a superuser had taken set_config from PUBLIC, and it was given back the tables are spread over a Citus cluster
//   that does not hand on the scope
// Returns where the tables are.
Layout check_database(Connection& connection);
// The same without the role and the settings of Citus.
Layout check_schema(Connection& connection);

// Throws Error{storage} unless the encoding of the database is UTF8.
void require_utf8(Connection& connection);

// What the policies say of a schema that may be older or incomplete: `one_server` without any.
Layout find_layout(Connection& connection);
bool has_citus(Connection& connection);

}  // namespace struere::postgres
