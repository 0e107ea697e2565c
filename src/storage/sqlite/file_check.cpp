#include "storage/sqlite/file_check.hpp"

#include <fmt/format.h>

#include "storage/sql/key_faults.hpp"
#include "storage/sql/stored_texts.hpp"
#include "storage/sqlite/field_keys.hpp"
#include "storage/sqlite/unique_keys.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

void check_pages(Connection& connection, StorageReport& report) {
  // PRAGMA quick_check would miss an index that lacks a row, and queries would not return that row.
  Statement statement = connection.prepare("PRAGMA integrity_check(10)");
  while (statement.step())
    if (statement.text(0) != "ok")
      report.faults.push_back(fmt::format("the file is damaged: {}; restore a backup", statement.text(0)));
}

void check_references(Connection& connection, StorageReport& report) {
  Statement statement =
      connection.prepare("SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2");
  while (statement.step())
    report.faults.push_back(fmt::format("of `{}`, {} refer to rows of `{}` that are not there; restore a backup",
                                        statement.text(0), statement.integer(2), statement.text(1)));
}

void check_search(Connection& connection, StorageReport& report) {
  Statement fts5 = connection.prepare("SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'");
  fts5.step();
  if (fts5.integer(0) == 0) {
    report.faults.emplace_back("this SQLite has no FTS5, and searches fail; use one that was built with it");
    return;
  }
  Statement lost = connection.prepare(
      "SELECT count(*) FROM searchable_entities WHERE search_row NOT IN (SELECT id FROM entity_search_docsize)");
  lost.step();
  connection.prepare("SELECT 1 FROM entity_search('a') LIMIT 1").step();  // fails if the index cannot be opened
  if (lost.integer(0) > 0)
    report.faults.push_back(
        fmt::format("the index of words lacks {} entities, which no search finds; restore a backup", lost.integer(0)));
}

void check_rows(Connection& connection, StorageReport& report) {
  std::int64_t damaged = 0;
  Statement rows = connection.prepare("SELECT data FROM entities");
  while (rows.step()) try {
      (void)parse_canonical_json(rows.text(0));
    } catch (const Error&) {
      ++damaged;
    }
  if (damaged > 0)
    report.faults.push_back(
        fmt::format("the data of {} entities is not JSON, and reading them fails; restore a backup", damaged));
}

std::vector<FieldKeyReport> field_keys(Connection& connection) {
  std::vector<FieldKeyReport> out;
  Statement statement = connection.prepare(
      "SELECT s.organization_id, s.environment, t.slug, k.fields, k.state = 'whole' FROM field_keys k JOIN scopes s ON "
      "s.id = k.scope_id JOIN entity_types t ON t.scope_id = k.scope_id AND t.type_key = k.type_key WHERE k.state <> "
      "'dropping' ORDER BY 1, 2, 3, 4");
  while (statement.step())
    if (const auto environment = parse_environment(statement.text(1)))
      out.push_back({OrganizationId(statement.string(0)), *environment, statement.string(2),
                     read_texts(statement.text(3)), statement.integer(4) != 0});
  return out;
}

// Calls `check` with the scope, the key and the name of each type that has keys in the table.
template <class Check>
void each_type_with(Connection& connection, std::string_view keys, const Check& check) {
  Statement types = connection.prepare(
      fmt::format("SELECT DISTINCT k.scope_id, k.type_key, t.slug FROM {} k JOIN entity_types t ON t.scope_id = "
                  "k.scope_id AND t.type_key = k.type_key",
                  keys));
  while (types.step()) check(types.integer(0), types.integer(1), types.text(2));
}

void check_field_keys(Connection& connection, StorageReport& report) {
  each_type_with(connection, "(SELECT * FROM field_keys WHERE state = 'whole')",
                 [&](std::int64_t scope, EntityTypeKey type, std::string_view slug) {
                   report_field_keys(report, FieldKeyTable(connection, scope).count_faults(type), slug);
                 });
}

void check_unique_keys(Connection& connection, StorageReport& report) {
  each_type_with(connection, "unique_keys", [&](std::int64_t scope, EntityTypeKey type, std::string_view slug) {
    report_unique_keys(report, UniqueKeys(connection, scope).count_faults(type), slug);
  });
}

}  // namespace

StorageReport check_file(Connection& connection) {
  StorageReport report;
  connection.execute("BEGIN");
  const auto attempt = [&](auto&& check) {
    try {
      check();
    } catch (const Error& error) {  // too damaged to be checked
      report.faults.emplace_back(error.what());
    }
  };
  attempt([&] { check_pages(connection, report); });
  attempt([&] { check_references(connection, report); });
  attempt([&] { check_search(connection, report); });
  attempt([&] { check_rows(connection, report); });
  attempt([&] { report.field_keys = field_keys(connection); });
  attempt([&] { check_field_keys(connection, report); });
  attempt([&] { check_unique_keys(connection, report); });
  connection.execute("COMMIT");
  return report;
}

}  // namespace struere
