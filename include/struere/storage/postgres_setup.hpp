// Makes a PostgreSQL database ready for struere: roles, tables, row security and grants. `struere pg init` does this.
#pragma once

#include <string>
#include <vector>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// Names of roles of the server. None gets a password here: give them by psql's \password, or use certificates or peer
// authentication.
struct PostgresRoles {
  std::string owner = "struere_owner";              // owns the tables; for this function alone
  std::string application = "struere_application";  // what hosts connect as: rows of one scope at a time
  std::string backup = "struere_backup";            // reads everything and writes nothing
};

struct PostgresSetup {
  PostgresRoles roles = {};
  bool dry_run = false;  // does it all in a transaction that is undone
};

// Makes what is missing in the database of `url`, brings older tables up to date and sets row security and grants, in
// one transaction; nothing is changed where all of it is there. `url` names a superuser, a role that may create roles
// and schemas, or, once the roles are there, the owner. Returns the statements about roles, row security and grants, in
// order; they contain no password. Throws
//   Error{conflict}      the role of the application is a superuser or has BYPASSRLS; two roles have one name
//   Error{invalid_data}  a name of a role is empty or longer than 63 bytes
//   Error{storage}       the server cannot be reached or refuses
std::vector<std::string> set_up_postgres(const std::string& url, const PostgresSetup& setup = {});

// The statements that spread the tables over the nodes of a Citus cluster by scope, and copy shared tables to all of
// them (docs/scale.md). For an empty database that was set up and has its nodes; they can be run again, for new tables
// and nodes.
std::vector<std::string> distribution_statements(const PostgresRoles& roles = {});
// Issues them, as a superuser; the tables in one transaction. Throws
//   Error{conflict}  the database has organizations already, and is not distributed
//   Error{storage}   the database is not of Citus, `url` does not name a superuser, or the server refuses
void distribute_postgres(const std::string& url, const PostgresRoles& roles = {});

}  // namespace struere
