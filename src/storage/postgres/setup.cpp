#include <fmt/format.h>

#include <exception>

#include "storage/postgres/connection.hpp"
#include "storage/postgres/roles.hpp"
#include "storage/postgres/row_security.hpp"
#include "storage/postgres/schema.hpp"
#include "storage/postgres/schema_check.hpp"
#include "storage/postgres/server_error.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere {
namespace postgres {
namespace {

class Setup {
 public:
  Setup(Connection& connection, const PostgresRoles& roles) : connection_(connection), roles_(roles) {}

  std::vector<std::string> run() {
    require_utf8(connection_);
    run(role_statements(connection_, roles_));
    const bool rules = is_superuser(connection_);
    const Layout layout = find_layout(connection_);
    // Workers see neither the roles nor the schema of this transaction when its statements reach them.
    if (layout == Layout::one_server && has_citus(connection_))
      connection_.run("SET LOCAL citus.enable_ddl_propagation = off");
    const std::string owner = quoted_role(roles_.owner);
    if (!has_schema()) run({fmt::format("CREATE SCHEMA struere AUTHORIZATION {}", owner)});
    require_owner();
    connection_.run(fmt::format("SET LOCAL ROLE {}", owner));  // whose all of it is
    if (!is_current()) {  // each of these waits for all who use a table, and they for it
      stop_writers();
      let_owner_past();
      take_schema_steps(connection_);
      for (const TableWall& wall : table_walls(layout)) run(statements_of(wall, policies_of(wall.table)));
    }
    run(grant_statements(roles_, layout));
    connection_.run("RESET ROLE");
    if (rules) run(setting_statements(roles_));
    return std::move(statements_);
  }

 private:
  void run(const std::vector<std::string>& statements) {
    for (const std::string& sql : statements) {
      connection_.run(sql);
      statements_.push_back(sql);
    }
  }

  bool has_schema() { return connection_.run("SELECT to_regnamespace('struere') IS NOT NULL").integer(0, 0) != 0; }

  // The schema, or tables of it, may be of another role: one of an earlier call, or the one that restored a dump.
  void require_owner() {
    const Result other = connection_.run(
        "SELECT pg_catalog.pg_get_userbyid(o.owner)::text FROM (SELECT nspowner AS owner FROM pg_catalog.pg_namespace "
        "WHERE nspname = 'struere' UNION SELECT relowner FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND "
        "relnamespace = to_regnamespace('struere')) o WHERE NOT pg_catalog.pg_has_role($1, o.owner, 'USAGE') LIMIT 1",
        Parameters().add_text(roles_.owner));
    if (other.rows() == 0) return;
    const std::string actual = quoted_role(std::string(other.bytes(0, 0))), wanted = quoted_role(roles_.owner);
    throw Error(
        ErrorCode::conflict,
        fmt::format("the schema `struere`, or a table of it, belongs to {} and not to {}; name the owner with "
                    "`--owner`, or change it: ALTER SCHEMA struere OWNER TO {}, and ALTER TABLE struere.… OWNER "
                    "TO {} for each table",
                    actual, wanted, wanted, wanted));
  }

  bool is_current() {
    try {
      check_schema(connection_);
      return true;
    } catch (const Error&) {
      const std::exception_ptr failure = std::current_exception();
      try {
        connection_.run("SELECT 1");
      } catch (const Error&) {  // the server refused to look: its words tell why
        std::rethrow_exception(failure);
      }
      return false;
    }
  }

  // Writers take the lock of a head before they use any other table, so that none is waited for who waits for this.
  void stop_writers() {
    if (connection_.run("SELECT to_regclass('struere.scope_heads') IS NOT NULL").integer(0, 0) != 0)
      connection_.run("LOCK TABLE struere.scope_heads IN ACCESS EXCLUSIVE MODE");
  }

  // Until the end of this transaction, a step may change rows of all scopes.
  void let_owner_past() {
    const Result tables = connection_.run(
        "SELECT tablename::text FROM pg_catalog.pg_tables WHERE schemaname = 'struere' ORDER BY tablename");
    for (int row = 0; row < tables.rows(); ++row)
      connection_.run(fmt::format("ALTER TABLE struere.{} NO FORCE ROW LEVEL SECURITY", tables.bytes(row, 0)));
  }

  std::vector<std::string> policies_of(const std::string& table) {
    const Result found = connection_.run(
        "SELECT pg_catalog.quote_ident(policyname) FROM pg_catalog.pg_policies WHERE schemaname = 'struere' AND "
        "tablename = $1 ORDER BY policyname",
        Parameters().add_text(table));
    std::vector<std::string> out;
    for (int row = 0; row < found.rows(); ++row) out.emplace_back(found.bytes(row, 0));
    return out;
  }

  Connection& connection_;
  const PostgresRoles& roles_;
  std::vector<std::string> statements_;
};

}  // namespace
}  // namespace postgres

std::vector<std::string> set_up_postgres(const std::string& url, const PostgresSetup& setup) {
  const auto target = postgres::Target::parse(url);
  // A host at work and this may still wait for each other's tables: the server then undoes one of them.
  return retried([&] {
    postgres::Connection connection(target);
    connection.run("BEGIN");  // undone with the connection if anything fails
    try {
      auto statements = postgres::Setup(connection, setup.roles).run();
      connection.run(setup.dry_run ? "ROLLBACK" : "COMMIT");
      return statements;
    } catch (const postgres::RightDenied& denied) {
      throw Error(denied.code(),
                  fmt::format("the role of this URL may not do all that setting up needs ({}); use the URL of a "
                              "superuser, or, once the roles and the schema are there, that of the owner {}",
                              denied.said(), postgres::quoted_role(setup.roles.owner)));
    }
  });
}

}  // namespace struere
