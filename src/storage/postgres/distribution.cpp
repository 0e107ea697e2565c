// Spreads the tables over the nodes of a Citus cluster, by scope.
#include <fmt/format.h>

#include "storage/postgres/connection.hpp"
#include "storage/postgres/roles.hpp"
#include "storage/postgres/row_security.hpp"
#include "storage/postgres/schema_check.hpp"
#include "storage/postgres/schema_text.hpp"
#include "struere/core/error.hpp"
#include "struere/storage/postgres_setup.hpp"

namespace struere {
namespace {

// The scope decides which node has a row; what is looked up before a scope is known is on all of them. The queues of
// scopes with work are asked on all nodes at once, by workers only.
bool is_distributed(const postgres::TableText& table) {
  return table.has("scope_id") && table.name != "api_key_scopes";
}

// The statements can be run again: a table that is spread already stays as it is.
std::string unless_spread(const std::string& call, std::string_view table) {
  return fmt::format(
      "SELECT {} WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid = 'struere.{}'::regclass)", call,
      table);
}

std::vector<std::string> wall_statements(const PostgresRoles& roles) {
  const auto& before = postgres::table_walls(postgres::Layout::one_server);
  const auto& after = postgres::table_walls(postgres::Layout::citus);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < after.size(); ++i) {
    for (std::size_t j = 0; j < after[i].policies.size(); ++j)
      if (const postgres::Policy& policy = after[i].policies[j]; policy.sees != before[i].policies[j].sees)
        out.push_back(fmt::format("ALTER POLICY {} ON struere.{} USING ({}) WITH CHECK ({})", policy.name,
                                  after[i].table, policy.sees, policy.writes));
    if (after[i].privileges != before[i].privileges)
      out.push_back(fmt::format("GRANT {} ON struere.{} TO {}", after[i].privileges, after[i].table,
                                postgres::quoted_role(roles.application)));
  }
  return out;
}

std::vector<std::string> table_calls() {
  constexpr std::string_view first = "scope_heads";
  const auto distribute = [](std::string_view table, std::string_view beside) {
    return unless_spread(
        fmt::format("create_distributed_table('struere.{}', 'scope_id', colocate_with => '{}')", table, beside), table);
  };
  std::vector<std::string> out;
  for (const postgres::TableText& table : postgres::schema_tables())
    if (!is_distributed(table))
      out.push_back(unless_spread(fmt::format("create_reference_table('struere.{}')", table.name), table.name));
  out.push_back(distribute(first, "none"));
  for (const postgres::TableText& table : postgres::schema_tables())
    if (is_distributed(table) && table.name != first)
      out.push_back(distribute(table.name, fmt::format("struere.{}", first)));
  return out;
}

}  // namespace

std::vector<std::string> distribution_statements(const PostgresRoles& roles) {
  std::vector<std::string> out{
      // An expression that a worker evaluates must not change the scope either (roles.cpp).
      "DO $$ BEGIN IF EXISTS (SELECT FROM run_command_on_workers('REVOKE EXECUTE ON FUNCTION "
      "pg_catalog.set_config(text, text, boolean) FROM PUBLIC') WHERE NOT success) THEN RAISE EXCEPTION 'a worker "
      "refused a statement'; END IF; END $$",
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET citus.propagate_set_commands = ''local''', "
      "current_database()); END $$",
      "BEGIN", "SET LOCAL citus.multi_shard_modify_mode = 'sequential'"};
  const auto add = [&out](const std::vector<std::string>& statements) {
    out.insert(out.end(), statements.begin(), statements.end());
  };
  add(wall_statements(roles));
  // Citus spreads no table that another one refers to which is not spread yet.
  add(
      {"CREATE TEMPORARY TABLE struere_foreign_keys ON COMMIT DROP AS SELECT conrelid::regclass AS relation, conname "
       "AS "
       "name, pg_get_constraintdef(oid) AS definition FROM pg_catalog.pg_constraint WHERE contype = 'f' AND "
       "connamespace = 'struere'::regnamespace AND conrelid NOT IN (SELECT logicalrelid FROM pg_dist_partition)",
       "DO $$ DECLARE k record; BEGIN FOR k IN SELECT * FROM pg_temp.struere_foreign_keys LOOP EXECUTE format('ALTER "
       "TABLE %s DROP CONSTRAINT %I', k.relation, k.name); END LOOP; END $$"});
  add(table_calls());
  add(
      {"DO $$ DECLARE k record; BEGIN FOR k IN SELECT * FROM pg_temp.struere_foreign_keys LOOP EXECUTE format('ALTER "
       "TABLE %s ADD CONSTRAINT %I %s', k.relation, k.name, k.definition); END LOOP; END $$",
       "COMMIT"});
  return out;
}

void distribute_postgres(const std::string& url, const PostgresRoles& roles) {
  postgres::Connection connection(postgres::Target::parse(url));
  if (!postgres::has_citus(connection))
    throw Error(ErrorCode::storage,
                "the database does not have the extension `citus`; create it as the manual of Citus says, and add the "
                "worker nodes");
  if (!postgres::is_superuser(connection))
    throw Error(ErrorCode::storage, "only a superuser may revoke rights on the workers; connect as one");
  if (connection
          .run("SELECT 1 FROM struere.organizations WHERE NOT EXISTS (SELECT FROM pg_dist_partition WHERE logicalrelid "
               "= 'struere.scope_heads'::regclass) LIMIT 1")
          .rows() > 0)
    throw Error(ErrorCode::conflict,
                "the database has organizations; distribute an empty one, and move them there by `struere copy`");
  for (const std::string& sql : distribution_statements(roles)) connection.run(sql);
}

}  // namespace struere
