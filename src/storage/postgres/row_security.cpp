#include "storage/postgres/row_security.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "storage/postgres/schema_text.hpp"

namespace struere::postgres {
namespace {

// As the server writes them down, so that they can be compared with what it holds. A scope that was not set is an
// error: there is no default. The operators are leakproof, so that an index serves them.
#define STRUERE_CURRENT_SCOPE "(current_setting('struere.scope'::text))::integer"
constexpr std::string_view in_scope = "(scope_id = " STRUERE_CURRENT_SCOPE ")";
constexpr std::string_view in_organization =
    "(organization_id = ( SELECT s.organization_id FROM struere.scopes s WHERE (s.id = " STRUERE_CURRENT_SCOPE ")))";
#undef STRUERE_CURRENT_SCOPE
constexpr std::string_view in_stated_organization = "(organization_id = current_setting('struere.organization'::text))";
constexpr std::string_view always = "true";

constexpr std::string_view all_rights = "SELECT, INSERT, UPDATE, DELETE";

enum class Writers { nobody, scope, everybody };

// A table that a connection may read without a scope.
struct SharedTable {
  std::string_view name;
  Writers writers;
  std::string_view privileges;
  std::string_view why;  // and what somebody learns who holds the application's connection, whatever they send
};

// Everything that is not of one scope or organization. Nothing here holds data of an organization beyond its id and
// name, names of users, or a secret that opens anything.
constexpr std::array shared_tables{
    SharedTable{"meta", Writers::nobody, "SELECT",
                "the version and the key that seals cursors: positions in lists, which hold no rights"},
    SharedTable{"organizations", Writers::everybody, "SELECT, INSERT, UPDATE(unfinished_copy)",
                "a host names the organization of a session; ids and names of all"},
    SharedTable{"users", Writers::everybody, "SELECT, INSERT",
                "a host names the user of a session; ids and names of all, not what they belong to"},
    SharedTable{"scopes", Writers::everybody, "SELECT, INSERT", "the number of a scope; which organizations there are"},
    SharedTable{"api_key_scopes", Writers::scope, "SELECT, INSERT, DELETE",
                "a key leads to its scope; SHA-256 of keys of 256 random bits, which nobody turns back into a key"},
    SharedTable{"due_scopes", Writers::scope, all_rights, "a worker finds scopes with work; when each has some"},
    SharedTable{"unfinished_scopes", Writers::scope, all_rights, "a builder finds scopes whose keys are not whole"},
};

std::vector<Policy> policies_of(const SharedTable& shared) {
  std::vector<Policy> out{{"lookup", "SELECT", always, {}}};
  if (shared.writers == Writers::nobody) return out;
  const std::string_view allowed = shared.writers == Writers::scope ? in_scope : always;
  const auto may = [&](std::string_view privilege) {
    return shared.privileges.find(privilege) != std::string_view::npos;
  };
  if (may("INSERT")) out.push_back({"insertion", "INSERT", {}, allowed});
  if (may("UPDATE")) out.push_back({"change", "UPDATE", allowed, allowed});
  if (may("DELETE")) out.push_back({"removal", "DELETE", allowed, {}});
  return out;
}

// For an insertion into a table that is on all nodes, Citus takes a lock which an insertion alone does not allow. As no
// policy is for removal, nothing can be removed.
std::string privileges_of(const SharedTable& shared, Layout layout) {
  std::string out(shared.privileges);
  if (layout == Layout::citus && out.find("INSERT") != std::string::npos && out.find("DELETE") == std::string::npos)
    out += ", DELETE";
  return out;
}

TableWall wall_of(const TableText& table, Layout layout) {
  const auto shared = std::ranges::find(shared_tables, table.name, &SharedTable::name);
  if (shared != shared_tables.end()) return {table.name, policies_of(*shared), privileges_of(*shared, layout)};
  if (table.has("scope_id")) return {table.name, {{"scope", "ALL", in_scope, in_scope}}, std::string(all_rights)};
  if (table.has("organization_id")) {
    const std::string_view sees = layout == Layout::citus ? in_stated_organization : in_organization;
    return {table.name, {{"organization", "ALL", sees, sees}}, std::string(all_rights)};
  }
  throw std::logic_error("nobody decided who sees the rows of " + table.name + "; say so in row_security.cpp");
}

}  // namespace

const std::vector<TableWall>& table_walls(Layout layout) {
  const auto make = [](Layout of) {
    std::vector<TableWall> out;
    for (const TableText& table : schema_tables()) out.push_back(wall_of(table, of));
    return out;
  };
  static const std::vector<TableWall> on_one_server = make(Layout::one_server), on_citus = make(Layout::citus);
  return layout == Layout::citus ? on_citus : on_one_server;
}

std::vector<std::string> statements_of(const TableWall& wall, const std::vector<std::string>& present_policies) {
  std::vector<std::string> out{
      fmt::format("ALTER TABLE struere.{} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", wall.table)};
  for (const std::string& name : present_policies)
    out.push_back(fmt::format("DROP POLICY {} ON struere.{}", name, wall.table));
  for (const Policy& policy : wall.policies) {
    std::string sql = fmt::format("CREATE POLICY {} ON struere.{} FOR {}", policy.name, wall.table, policy.command);
    if (!policy.sees.empty()) sql += fmt::format(" USING ({})", policy.sees);
    if (!policy.writes.empty()) sql += fmt::format(" WITH CHECK ({})", policy.writes);
    out.push_back(std::move(sql));
  }
  return out;
}

}  // namespace struere::postgres
