#include "storage/postgres/roles.hpp"

#include <fmt/format.h>

#include <set>

#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

constexpr std::size_t longest_name = 63;

struct Attributes {
  bool is_superuser = false, bypasses = false;
};

std::optional<Attributes> find_role(Connection& connection, const std::string& name) {
  const Result found = connection.run("SELECT rolsuper, rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = $1",
                                      Parameters().add_text(name));
  if (found.rows() == 0) return std::nullopt;
  return Attributes{found.integer(0, 0) != 0, found.integer(0, 1) != 0};
}

}  // namespace

std::string quoted_role(const std::string& name) {
  if (name.empty() || name.size() > longest_name || name.find('\0') != std::string::npos)
    throw Error(ErrorCode::invalid_data, fmt::format("the name of a role must have 1 to {} bytes", longest_name));
  std::string out = "\"";
  for (const char c : name) out.append(c == '"' ? 2 : 1, c);
  return out + "\"";
}

bool is_superuser(Connection& connection) {
  const Result found = connection.run("SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user");
  return found.rows() == 1 && found.integer(0, 0) != 0;
}

std::vector<std::string> role_statements(Connection& connection, const PostgresRoles& roles) {
  if (std::set{roles.owner, roles.application, roles.backup}.size() != 3)
    throw Error(ErrorCode::conflict, "owner, application and backup must be three roles; name them apart");
  std::vector<std::string> out;
  for (const std::string& name : {roles.owner, roles.application}) {
    const auto held = find_role(connection, name);
    if (!held)
      out.push_back(
          fmt::format("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS", quoted_role(name)));
    else if (name == roles.application && (held->is_superuser || held->bypasses))
      throw Error(
          ErrorCode::conflict,
          fmt::format("the role {} is a superuser or has BYPASSRLS, and row security would not hold for it; name "
                      "another one for the application",
                      quoted_role(name)));
  }
  const auto backup = find_role(connection, roles.backup);
  const bool may_bypass = is_superuser(connection);  // or the server refuses
  if (!backup)
    out.push_back(fmt::format("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{}", quoted_role(roles.backup),
                              may_bypass ? " BYPASSRLS" : ""));
  else if (!backup->bypasses && may_bypass)
    out.push_back(fmt::format("ALTER ROLE {} BYPASSRLS", quoted_role(roles.backup)));
  return out;
}

std::vector<std::string> grant_statements(const PostgresRoles& roles, Layout layout) {
  const std::string application = quoted_role(roles.application), backup = quoted_role(roles.backup);
  std::vector<std::string> out{"REVOKE ALL ON SCHEMA struere FROM PUBLIC",
                               fmt::format("GRANT USAGE ON SCHEMA struere TO {}, {}", application, backup)};
  for (const TableWall& wall : table_walls(layout)) {
    out.push_back(fmt::format("REVOKE ALL ON struere.{} FROM PUBLIC, {}, {}", wall.table, application, backup));
    out.push_back(fmt::format("GRANT {} ON struere.{} TO {}", wall.privileges, wall.table, application));
    out.push_back(fmt::format("GRANT SELECT ON struere.{} TO {}", wall.table, backup));
  }
  return out;
}

std::vector<std::string> setting_statements(const PostgresRoles& roles) {
  constexpr std::string_view function = "FUNCTION pg_catalog.set_config(text, text, boolean)";
  return {fmt::format("REVOKE EXECUTE ON {} FROM PUBLIC", function),
          fmt::format("GRANT EXECUTE ON {} TO {}, {}", function, quoted_role(roles.owner), quoted_role(roles.backup))};
}

}  // namespace struere::postgres
