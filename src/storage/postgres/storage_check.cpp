#include "storage/postgres/storage_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "storage/postgres/entity_scan.hpp"
#include "storage/postgres/field_key_table.hpp"
#include "storage/postgres/type_keys.hpp"
#include "storage/postgres/unique_keys.hpp"
#include "storage/postgres/word_table.hpp"
#include "storage/retry.hpp"
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

// Rows that have no key, or keys that no row has: the rows would be missing from answers.
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
    const std::int64_t wrong = FieldKeyTable(work, scope.number).count_faults(types.integer(row, 1));
    if (wrong > 0)
      report.faults.push_back(
          fmt::format("{} field keys of `{}` do not agree with their rows; define the type without the fields that its "
                      "schema and rules index, and then with them, to build the keys anew",
                      wrong, slug));
  }
  return report;
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

// A row whose value is missing does not keep another row from having the same; one that lacks a word is not found by
// it.
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
    if (const std::int64_t wrong = UniqueKeys(work, scope.number).count_faults(type, keys.unique); wrong > 0)
      report.faults.push_back(
          fmt::format("{} values of the unique keys of `{}` do not agree with their rows, so that rows may be made "
                      "that are not unique; define the type without `unique`, and then with it, to build the keys anew",
                      wrong, slug));
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
    const auto scopes = retried([&] { return scopes_of(*begin()); });
    for (const StoredScope& scope : scopes) {
      StorageReport of_scope = retried([&] {
        const auto work = begin();
        StorageReport out = check_field_keys(*work, scope);
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
