#include "storage/sqlite/file_check.hpp"

#include <fmt/format.h>

#include "storage/sqlite/selection_compiler.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

void check_pages(Connection& connection, StorageReport& report) {
  // The quick check would not notice an index that lacks a row, which then is missing from answers.
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
  if (lost.integer(0) > 0)
    report.faults.push_back(
        fmt::format("the index of words lacks {} entities, which no search finds; restore a backup", lost.integer(0)));
}

std::vector<std::string> indexed_fields(Connection& connection) {
  std::vector<std::string> out;
  Statement statement =
      connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'entities' ORDER BY name");
  while (statement.step()) {
    const std::string_view name = statement.text(0);
    const std::size_t begin = name.find("data.");
    if (begin == std::string_view::npos) continue;
    const auto field = FieldPath::parse(std::string(name.substr(begin)));
    if (field && field_index_name(*field) == name) out.push_back(field->str());
  }
  return out;
}

}  // namespace

StorageReport check_file(Connection& connection) {
  StorageReport report;
  connection.execute("BEGIN");
  const auto attempt = [&](auto&& check) {
    try {
      check();
    } catch (const Error& error) {  // too damaged to be looked at
      report.faults.emplace_back(error.what());
    }
  };
  attempt([&] { check_pages(connection, report); });
  attempt([&] { check_references(connection, report); });
  attempt([&] { check_search(connection, report); });
  attempt([&] { report.indexed_fields = indexed_fields(connection); });
  connection.execute("COMMIT");
  return report;
}

}  // namespace struere
