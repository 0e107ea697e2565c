#include "storage/postgres/records.hpp"

#include <algorithm>
#include <array>

#include "storage/postgres/postgres_dialect.hpp"
#include "storage/postgres/row_limit.hpp"

namespace struere::postgres {
namespace {

void bind(Parameters& parameters, const RecordValue& value) {
  struct Binder {
    Parameters& parameters;
    void operator()(std::monostate) const { parameters.add_null(); }
    void operator()(std::int64_t held) const { parameters.add(held); }
    void operator()(const std::string& held) const { parameters.add_text(held); }
    void operator()(const RecordBytes& held) const { parameters.add_bytes(held.bytes); }
  };
  std::visit(Binder{parameters}, value);
}

// What no stored text can be fulfils no condition; and it cannot be sent.
bool is_never(const std::vector<RecordCondition>& where) {
  return std::ranges::any_of(where, [](const RecordCondition& condition) {
    const auto* const text = std::get_if<std::string>(&condition.value);
    return text && !is_storable(*text);
  });
}

// How many rows are read at once where the answer is bounded in bytes.
constexpr std::int64_t rows_of_batch = 64;

}  // namespace

RecordSql Records::sql(RecordTable table, bool writes) const {
  require_access(shape_of(table), owner_.scope.has_value(), writes);
  return {record_words, owner_};
}

Result Records::run(const RecordStatement& statement) {
  Parameters parameters;
  for (const RecordValue& value : statement.parameters) bind(parameters, value);
  Connection& connection = owner_.scope ? work_.in(std::get<std::int64_t>(*owner_.scope)) : work_.anywhere();
  return connection.run(statement.text, parameters);
}

// The scope that a key leads to is known before a scope is (schema_steps.hpp): false if the hash is taken.
bool Records::insert_key_scope(const Record& record) {
  const RecordShape& shape = shape_of(RecordTable::api_keys);
  const auto& hash = std::get<RecordBytes>(record.at(column_of(shape, "hash")));
  const std::int64_t scope = std::get<std::int64_t>(*owner_.scope);
  return work_.in(scope)
             .run("INSERT INTO struere.api_key_scopes(hash, scope_id) VALUES($1, $2) ON CONFLICT DO NOTHING",
                  Parameters().add_bytes(hash.bytes).add(scope))
             .affected() > 0;
}

bool Records::insert(RecordTable table, const Record& record) {
  const RecordStatement statement = sql(table, true).insert(table, record);
  if (table == RecordTable::api_keys && !insert_key_scope(record)) return false;
  if (run(statement).affected() > 0) return true;
  if (table == RecordTable::api_keys) {
    const auto& hash = std::get<RecordBytes>(record.at(column_of(shape_of(table), "hash")));
    work_.anywhere().run("DELETE FROM struere.api_key_scopes WHERE hash = $1", Parameters().add_bytes(hash.bytes));
  }
  return false;
}

std::int64_t Records::update(RecordTable table, const std::vector<RecordCondition>& where,
                             const RecordChanges& changes) {
  const RecordSql statements = sql(table, true);
  return is_never(where) ? 0 : run(statements.update(table, where, changes)).affected();
}

std::int64_t Records::remove(RecordTable table, const std::vector<RecordCondition>& where) {
  const RecordSql statements = sql(table, true);
  if (is_never(where)) return 0;
  if (table != RecordTable::api_keys) return run(statements.remove(table, where)).affected();
  const std::vector<Record> gone = select({table, where});
  const std::int64_t removed = run(statements.remove(table, where)).affected();
  for (const Record& record : gone) {
    const auto& hash = std::get<RecordBytes>(record.at(column_of(shape_of(table), "hash")));
    work_.anywhere().run("DELETE FROM struere.api_key_scopes WHERE hash = $1", Parameters().add_bytes(hash.bytes));
  }
  return removed;
}

std::vector<Record> Records::select(const RecordSelection& selection) {
  const std::size_t columns = shape_of(selection.table).columns.size();
  const RecordSql statements = sql(selection.table, false);
  std::vector<Record> out;
  if (is_never(selection.where)) return out;
  std::size_t bytes = 0;
  RecordSelection batch = selection;
  const bool is_bounded = selection.most_bytes != static_cast<std::size_t>(-1);
  if (is_bounded && !selection.order.empty()) batch.limit = std::min(batch.limit, rows_of_batch);
  for (;;) {
    batch.limit = row_limit(batch.limit);
    const Result result = run(statements.select(batch));
    auto taken = static_cast<std::int64_t>(out.size());
    for (int row = 0; row < result.rows() && taken < selection.limit && bytes < selection.most_bytes; ++row, ++taken)
      bytes += size_of(out.emplace_back(read_record_values(Row(result, row), columns)));
    if (result.rows() < batch.limit || taken >= selection.limit || bytes >= selection.most_bytes) return out;
    std::vector<RecordValue> place;
    for (const std::string_view column : selection.order)
      place.push_back(out.back().at(column_of(shape_of(selection.table), column)));
    batch.after = std::move(place);
    batch.skip = 0;
    batch.limit = std::min(selection.limit - taken, rows_of_batch);
  }
}

std::optional<Record> Records::find_with_generation(const RecordSelection& selection) {
  const std::size_t columns = shape_of(selection.table).columns.size();
  const RecordStatement statement = sql(selection.table, false).select(selection);
  Parameters parameters;
  for (const RecordValue& value : statement.parameters) bind(parameters, value);
  // The scope is the first parameter (RecordSql).
  const Result found =
      work_.run_with_generation(std::get<std::int64_t>(owner_.scope.value()), rows_with_generation(statement.text),
                                parameters, static_cast<int>(columns));
  if (found.is_null(0, 0)) return std::nullopt;
  return read_record_values(Row(found, 0), columns);
}

std::vector<RecordGroup> Records::sum(const RecordRollup& rollup) {
  const Result result = run(sql(rollup.table, false).sum(rollup));
  std::vector<RecordGroup> out;
  for (int row = 0; row < result.rows(); ++row) out.push_back(read_record_group(Row(result, row), rollup));
  return out;
}

}  // namespace struere::postgres
