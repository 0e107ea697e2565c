#include "storage/postgres/storage_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/entity_scan.hpp"
#include "storage/postgres/field_key_table.hpp"
#include "storage/postgres/row_security.hpp"
#include "storage/postgres/type_keys.hpp"
#include "storage/postgres/unique_keys.hpp"
#include "storage/postgres/word_table.hpp"
#include "storage/retry.hpp"
#include "storage/sql/key_faults.hpp"
#include "storage/sql/stored_texts.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

struct StoredScope {
  std::int64_t number;
  OrganizationId organization;
  Environment environment;
};

std::vector<StoredScope> scopes_of(Work& work) {
  std::vector<StoredScope> out;
  const Result rows = work.anywhere().run(
      "SELECT id, organization_id, environment FROM struere.scopes ORDER BY organization_id, "
      "environment");
  for (int row = 0; row < rows.rows(); ++row)
    if (const auto environment = parse_environment(rows.bytes(row, 2)))
      out.push_back({rows.integer(row, 0), OrganizationId(std::string(rows.bytes(row, 1))), *environment});
  return out;
}

StorageReport check_field_keys(Work& work, const StoredScope& scope) {
  StorageReport report;
  report.field_keys.emplace();
  const Result types = work.in(scope.number)
                           .run(
                               "SELECT t.slug, k.type_key, k.fields, k.state = 'whole' FROM struere.field_keys k JOIN "
                               "struere.entity_types t ON t.scope_id = $1 AND t.type_key = k.type_key WHERE "
                               "k.scope_id = $1 AND k.state <> 'dropping' ORDER BY t.slug, k.fields",
                               Parameters().add(scope.number));
  std::string checked;
  for (int row = 0; row < types.rows(); ++row) {
    const std::string slug(types.bytes(row, 0));
    report.field_keys->push_back(
        {scope.organization, scope.environment, slug, read_texts(types.bytes(row, 2)), types.integer(row, 3) != 0});
    if (slug == checked) continue;
    checked = slug;
    report_field_keys(report, FieldKeyTable(work, scope.number).count_faults(types.integer(row, 1)), slug);
  }
  return report;
}

// What the role lacks of the application's privileges, by which an operation fails later. A role that may write
// nowhere, as that of backups, is not the application's.
void check_privileges(Work& work, StorageReport& report) {
  std::string sql = "SELECT current_user::text";
  std::vector<std::string> names;
  for (const TableWall& wall : table_walls(Layout::one_server))
    for (std::string_view rest = wall.privileges; !rest.empty();) {
      const std::size_t comma = rest.find(", ");
      const std::string_view privilege = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 2);
      const std::size_t column = privilege.find('(');
      if (column == std::string_view::npos)
        sql += fmt::format(", pg_catalog.has_table_privilege('struere.{}', '{}')", wall.table, privilege);
      else
        sql += fmt::format(", pg_catalog.has_column_privilege('struere.{}', '{}', '{}')", wall.table,
                           privilege.substr(column + 1, privilege.size() - column - 2), privilege.substr(0, column));
      names.push_back(fmt::format("{} on struere.{}", privilege, wall.table));
    }
  const Result held = work.anywhere().run(sql);
  std::string lacking;
  bool may_write = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (held.integer(0, static_cast<int>(i) + 1) == 0)
      lacking += (lacking.empty() ? "" : ", ") + names[i];
    else if (!names[i].starts_with("SELECT"))
      may_write = true;
  }
  if (may_write && !lacking.empty())
    report.faults.push_back(
        fmt::format("the role {} has not the privileges {}, and operations that need them fail; run "
                    "`struere pg init` again, which makes the grants",
                    held.bytes(0, 0), lacking));
}

// What the role, or each role, may do that `struere pg init` keeps from the application.
void check_excess(Work& work, StorageReport& report) {
  const Result found = work.anywhere().run(
      "SELECT pg_catalog.has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE'), "
      "EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.relnamespace = pg_catalog.to_regnamespace('struere') AND "
      "c.relkind IN ('r', 'p') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')) OR EXISTS (SELECT FROM "
      "pg_catalog.pg_namespace n WHERE n.nspname = 'struere' AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')), "
      "current_user::text");
  if (found.integer(0, 0) != 0)
    report.warnings.emplace_back(
        "PUBLIC may call pg_catalog.set_config in this database, so that an expression inside a statement could change "
        "the scope: no superuser ran pg init here, or a role that is none restored the database; run `struere pg init` "
        "with the URL of a superuser");
  if (found.integer(0, 1) != 0)
    report.warnings.push_back(fmt::format(
        "the role {} owns the schema `struere` or a table of it, or may act as its owner, and so may empty tables and "
        "switch row security off; let hosts and the tool connect as struere_application",
        found.bytes(0, 2)));
}

std::int64_t count_damaged(Work& work, std::int64_t scope, EntityTypeKey type) {
  std::int64_t out = 0;
  EntityScan rows(work, scope, type);
  while (rows.next()) try {
      (void)parse_canonical_json(rows.entity().data);
    } catch (const Error& error) {
      if (error.is_transient()) throw;
      ++out;
    }
  return out;
}

// What names entities. The entities of field keys and unique keys are compared with their rows by count_faults().
struct EntityNames {
  std::string_view table, column;
};
constexpr std::array<EntityNames, 6> entity_names{{{"entity_relations", "from_id"},
                                                   {"entity_relations", "to_id"},
                                                   {"entity_words", "entity_id"},
                                                   {"events", "entity_id"},
                                                   {"events", "other_end_id"},
                                                   {"trigger_runs", "entity_id"}}};

// A foreign key does not hold for a superuser with `session_replication_role = replica`, nor after a restore without
// it. Each entity is looked up once, by its id: OFFSET 0 as in row_of_key.
void check_references(Work& work, const StoredScope& scope, StorageReport& report) {
  for (const auto& [table, column] : entity_names) {
    const Result missing =
        work.in(scope.number)
            .run(fmt::format("SELECT count(*) FROM (SELECT DISTINCT {1} AS id FROM struere.{0} WHERE scope_id = $1 AND "
                             "{1} IS NOT NULL) n WHERE (SELECT 1 FROM struere.entities e WHERE e.scope_id = $1 AND "
                             "e.id = n.id OFFSET 0) IS NULL",
                             table, column),
                 Parameters().add(scope.number));
    if (const std::int64_t count = missing.integer(0, 0); count > 0)
      report.faults.push_back(
          fmt::format("the column `{}` of `{}` names {} entities that are not there; restore a "
                      "backup",
                      column, table, count));
  }
}

void check_rows(Work& work, const StoredScope& scope, StorageReport& report) {
  const Result types = work.in(scope.number)
                           .run("SELECT slug, type_key FROM struere.entity_types WHERE scope_id = $1 ORDER BY slug",
                                Parameters().add(scope.number));
  for (int row = 0; row < types.rows(); ++row) {
    const std::string slug(types.bytes(row, 0));
    const EntityTypeKey type = types.integer(row, 1);
    if (const std::int64_t damaged = count_damaged(work, scope.number, type); damaged > 0)
      report.faults.push_back(fmt::format(
          "the data of {} entities of `{}` is not JSON, and reading them fails; restore a backup", damaged, slug));
    const TypeKeys keys = read_type_keys(work, scope.number, type);
    report_unique_keys(report, UniqueKeys(work, scope.number).count_faults(type, keys.unique), slug);
    if (const std::int64_t lost = WordTable(work, scope.number).count_faults(type, keys.search); lost > 0)
      report.faults.push_back(
          fmt::format("the index of words lacks words of {} entities of `{}`, which searches do not find; define the "
                      "type without `searchFields`, and then with them, to build it anew",
                      lost, slug));
  }
}

}  // namespace

StorageReport check_storage(const std::function<std::shared_ptr<Work>()>& begin) {
  StorageReport report;
  report.field_keys.emplace();
  try {
    retried([&] {
      const auto work = begin();
      check_privileges(*work, report);
      check_excess(*work, report);
    });
    const auto scopes = retried([&] { return scopes_of(*begin()); });
    for (const StoredScope& scope : scopes) {
      StorageReport of_scope = retried([&] {
        const auto work = begin();
        StorageReport out = check_field_keys(*work, scope);
        check_references(*work, scope, out);
        check_rows(*work, scope, out);
        return out;
      });
      std::ranges::move(*of_scope.field_keys, std::back_inserter(*report.field_keys));
      std::ranges::move(of_scope.faults, std::back_inserter(report.faults));
    }
  } catch (const Error& error) {
    if (error.is_transient()) throw;  // says nothing about what is stored
    report.faults.emplace_back(error.what());
  }
  return report;
}

}  // namespace struere::postgres
