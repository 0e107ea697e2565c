#include "storage/postgres/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "storage/postgres/row_security.hpp"
#include "storage/postgres/schema.hpp"
#include "storage/postgres/schema_text.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

constexpr std::string_view mended_by_init = "run `struere pg init` with the URL of the owner";

[[noreturn]] void refuse(const std::string& what, std::string_view mend = mended_by_init) {
  throw Error(ErrorCode::storage, fmt::format("{}; {}", what, mend));
}

// PostgreSQL breaks the lines of an expression, and leaves out a schema that is in the search path.
std::string comparable(std::string_view expression) {
  std::string out;
  for (const char c : expression)
    if (c != ' ' && c != '\n' && c != '\t') out += c;
  for (std::size_t at = 0; (at = out.find("struere.", at)) != std::string::npos;)
    if (at > 0 && out[at - 1] == '\'')
      at += 1;  // the name of the setting
    else
      out.erase(at, std::string_view("struere.").size());
  return out;
}

void require_version(Connection& connection) {
  switch (recognise(connection)) {
    case SchemaState::current: return;
    case SchemaState::older: refuse("the tables of the database are of an older version");
    case SchemaState::missing:
      refuse("the database has no tables of struere, or this role may not see them",
             "run `struere pg init` with the URL of a role that may create roles and schemas");
  }
}

void check_role(const Result& roles) {
  if (roles.rows() == 0) return;
  refuse(fmt::format("the role of this connection passes row security, because it is, or may become, `{}`, which {}",
                     roles.bytes(0, 0), roles.integer(0, 1) != 0 ? "is a superuser" : "has BYPASSRLS"),
         "connect as the role of the application that `struere pg init` made");
}

void check_columns(const Result& found) {
  std::map<std::pair<std::string, std::string>, ColumnText> columns;
  std::map<std::pair<std::string, std::string>, std::string> collations;
  for (int row = 0; row < found.rows(); ++row) {
    const std::pair key{std::string(found.bytes(row, 0)), std::string(found.bytes(row, 1))};
    columns[key] = {key.second, std::string(found.bytes(row, 2)), found.integer(row, 3) != 0};
    collations[key] = found.bytes(row, 4);
  }
  for (const TableText& table : schema_tables())
    for (const ColumnText& column : table.columns) {
      const std::pair key{table.name, column.name};
      const auto held = columns.find(key);
      if (held == columns.end())
        refuse(fmt::format("the column `{}.{}` is missing", table.name, column.name), "restore a backup");
      const bool has_collation = column.type != "text" || collations[key] == "C";
      // A primary key requires its columns, whatever their text says.
      if (held->second.type != column.type || !has_collation || held->second.is_required < column.is_required)
        refuse(fmt::format("the column `{}.{}` is not as struere makes it", table.name, column.name),
               "restore a backup");
    }
}

void check_relations(const Result& found) {
  std::map<std::string, std::pair<bool, bool>, std::less<>> security;
  for (int row = 0; row < found.rows(); ++row) {
    const std::string name(found.bytes(row, 0)), kind(found.bytes(row, 1));
    if (kind == "v" || kind == "m" || kind == "f")
      refuse(fmt::format("there is a view or foreign table in the schema that struere did not make, `{}`", name),
             "drop it");
    security[name] = {found.integer(row, 2) != 0, found.integer(row, 3) != 0};
  }
  for (const TableWall& wall : table_walls(Layout::one_server)) {
    const auto held = security.find(wall.table);
    if (held == security.end() || !held->second.first)
      refuse(fmt::format("the table `{}` has no row security", wall.table));
    if (!held->second.second) refuse(fmt::format("the table `{}` lets its owner past row security", wall.table));
  }
}

void check_layout(Connection& connection) {
  const Result setting = connection.run("SELECT current_setting('citus.propagate_set_commands', true)");
  if (!setting.is_null(0, 0) && setting.bytes(0, 0) != "local")
    refuse("the cluster does not hand on the scope to its workers",
           "run `struere pg distribute --citus` as a superuser, or ALTER DATABASE … SET citus.propagate_set_commands = "
           "'local'");
}

constexpr std::string_view layout_query =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_policies WHERE schemaname = 'struere' AND strpos(qual, "
    "'struere.organization') > 0)";

Layout layout_of(const Result& found) { return found.integer(0, 0) != 0 ? Layout::citus : Layout::one_server; }

void check_policies(const Result& found, Layout layout) {
  std::map<std::string, std::vector<std::string>, std::less<>> held;
  const auto text = [](std::string_view name, std::string_view command, std::string_view sees,
                       std::string_view writes) {
    return fmt::format("{} {} {} {}", name, command, comparable(sees), comparable(writes));
  };
  for (int row = 0; row < found.rows(); ++row) {
    std::string policy = text(found.bytes(row, 1), found.bytes(row, 2), found.bytes(row, 3), found.bytes(row, 4));
    if (found.integer(row, 5) == 0) policy += " for some roles, or restrictive";
    held[std::string(found.bytes(row, 0))].push_back(std::move(policy));
  }
  for (const TableWall& wall : table_walls(layout)) {
    std::vector<std::string> wanted;
    for (const Policy& policy : wall.policies)
      wanted.push_back(text(policy.name, policy.command, policy.sees, policy.writes));
    std::vector<std::string>& there = held[wall.table];
    std::ranges::sort(wanted);
    std::ranges::sort(there);
    if (wanted != there) refuse(fmt::format("the policies of the table `{}` are not those of struere", wall.table));
  }
}

void check_triggers(const Result& found) {
  if (found.rows() > 0)
    refuse(fmt::format("there is a trigger or rule that struere did not make, `{}` on `{}`", found.bytes(0, 1),
                       found.bytes(0, 0)),
           "drop it");
}

// Neither TRUNCATE nor the check of a foreign key asks a policy; a trigger runs as whoever writes. An owner has them
// all.
constexpr std::string_view rights_query =
    "SELECT c.relname::text, p.name, 'the role of this connection' FROM pg_catalog.pg_class c CROSS JOIN (VALUES "
    "('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) p(name) WHERE c.relnamespace = to_regnamespace('struere') AND "
    "c.relkind IN ('r', 'p') AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') AND "
    "pg_catalog.has_table_privilege(c.oid, p.name) UNION ALL SELECT c.relname::text, a.privilege_type, 'PUBLIC' FROM "
    "pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a WHERE c.relnamespace = to_regnamespace('struere') AND "
    "c.relkind IN ('r', 'p') AND a.grantee = 0 LIMIT 1";

// Where set_config was never taken from PUBLIC, as by an owner who is no superuser, nobody gave it back. Setting up by
// a superuser leaves a grant to the owner of the schema.
constexpr std::string_view setting_query =
    "SELECT count(DISTINCT a.grantee) = 2 FROM pg_catalog.pg_proc f, pg_catalog.aclexplode(f.proacl) a WHERE f.oid = "
    "'pg_catalog.set_config(text, text, boolean)'::regprocedure AND a.grantee <> f.proowner AND a.grantee IN (0, "
    "(SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'struere'))";

void check_rights(const Result& rights, const Result& setting) {
  if (rights.rows() > 0)
    refuse(fmt::format("{} has the right {} on the table `{}`, which passes row security", rights.bytes(0, 2),
                       rights.bytes(0, 1), rights.bytes(0, 0)));
  if (setting.integer(0, 0) != 0)
    refuse("PUBLIC may call pg_catalog.set_config, so that an expression can change the scope",
           "run `struere pg init` with the URL of a superuser");
}

}  // namespace

Layout check_database(Connection& connection) {
  const auto roles = connection.queue(
      "SELECT rolname::text, rolsuper FROM pg_catalog.pg_roles WHERE (rolsuper OR rolbypassrls) AND "
      "(pg_catalog.pg_has_role(current_user, oid, 'MEMBER') OR pg_catalog.pg_has_role(session_user, oid, 'MEMBER')) "
      "ORDER BY rolname = current_user DESC LIMIT 1");
  const auto setting = connection.queue("SELECT pg_catalog.current_setting('row_security')::text");
  const auto rights = connection.queue(rights_query), public_setting = connection.queue(setting_query);
  connection.finish();
  check_role(connection.take(roles));
  if (connection.take(setting).bytes(0, 0) != "on")
    refuse(
        "the setting row_security is off for this role, database or connection, so that the server refuses what row "
        "security would narrow",
        "reset it: ALTER ROLE … RESET row_security, or ALTER DATABASE … RESET row_security");
  const Result found_rights = connection.take(rights), found_setting = connection.take(public_setting);
  const Layout layout = check_schema(connection);
  check_rights(found_rights, found_setting);
  if (layout == Layout::citus) check_layout(connection);
  return layout;
}

Layout check_schema(Connection& connection) {
  require_version(connection);
  const auto columns = connection.queue(
      "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, "
      "coalesce(l.collname::text, '') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_catalog.pg_collation l ON "
      "l.oid = a.attcollation WHERE n.nspname = 'struere' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT "
      "a.attisdropped");
  const auto relations = connection.queue(
      "SELECT c.relname::text, c.relkind::text, c.relrowsecurity, c.relforcerowsecurity FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'struere' AND c.relkind IN ('r', "
      "'p', 'v', 'm', 'f')");
  const auto policies = connection.queue(
      "SELECT p.tablename::text, p.policyname::text, p.cmd, coalesce(p.qual, ''), coalesce(p.with_check, ''), "
      "p.permissive = 'PERMISSIVE' AND p.roles = '{public}' FROM pg_catalog.pg_policies p WHERE p.schemaname = "
      "'struere'");
  const auto triggers = connection.queue(
      "SELECT c.relname::text, t.name FROM (SELECT tgrelid AS relation, tgname::text AS name FROM "
      "pg_catalog.pg_trigger WHERE NOT tgisinternal UNION ALL SELECT ev_class, rulename::text FROM "
      "pg_catalog.pg_rewrite) t JOIN pg_catalog.pg_class c ON c.oid = t.relation JOIN pg_catalog.pg_namespace n ON "
      "n.oid = c.relnamespace WHERE n.nspname = 'struere'");
  const auto layouts = connection.queue(layout_query);
  connection.finish();
  const Result found_columns = connection.take(columns), found_relations = connection.take(relations),
               found_policies = connection.take(policies), found_triggers = connection.take(triggers);
  check_relations(found_relations);
  check_columns(found_columns);
  const Layout layout = layout_of(connection.take(layouts));
  check_policies(found_policies, layout);
  check_triggers(found_triggers);
  return layout;
}

void require_utf8(Connection& connection) {
  const Result found = connection.run(
      "SELECT pg_catalog.pg_encoding_to_char(encoding)::text FROM pg_catalog.pg_database WHERE datname = "
      "pg_catalog.current_database()");
  if (found.bytes(0, 0) != "UTF8")
    refuse(fmt::format("the encoding of the database is {}, not UTF8", found.bytes(0, 0)),
           "create one with ENCODING 'UTF8' (and TEMPLATE template0)");
}

Layout find_layout(Connection& connection) { return layout_of(connection.run(layout_query)); }

bool has_citus(Connection& connection) {
  return connection.run("SELECT 1 FROM pg_catalog.pg_extension WHERE extname = 'citus'").rows() > 0;
}

}  // namespace struere::postgres
