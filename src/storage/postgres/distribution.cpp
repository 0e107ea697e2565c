// Spreads the tables over the nodes of a Citus cluster, by scope.
#include <fmt/format.h>

#include "storage/postgres/connection.hpp"
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

}  // namespace

std::vector<std::string> distribution_statements() {
  constexpr std::string_view first = "scope_heads";
  std::vector<std::string> out;
  for (const postgres::TableText& table : postgres::schema_tables())
    if (!is_distributed(table)) out.push_back(fmt::format("SELECT create_reference_table('struere.{}')", table.name));
  out.push_back(
      fmt::format("SELECT create_distributed_table('struere.{}', 'scope_id', colocate_with => 'none')", first));
  for (const postgres::TableText& table : postgres::schema_tables())
    if (is_distributed(table) && table.name != first)
      out.push_back(
          fmt::format("SELECT create_distributed_table('struere.{}', 'scope_id', colocate_with => 'struere.{}')",
                      table.name, first));
  return out;
}

void distribute_postgres(const std::string& url) {
  postgres::Connection connection(postgres::Target::parse(url));
  if (connection.run("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus'").rows() == 0)
    throw Error(ErrorCode::storage,
                "the database does not have the extension `citus`; create it as the manual of Citus says, and add the "
                "worker nodes");
  connection.run("BEGIN");
  for (const std::string& sql : distribution_statements()) connection.run(sql);
  connection.run("COMMIT");
}

}  // namespace struere
