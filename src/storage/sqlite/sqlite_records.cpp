#include "storage/sqlite/sqlite_records.hpp"

#include <optional>

#include "storage/sqlite/sqlite_dialect.hpp"

namespace struere {
namespace {

void bind(Statement& statement, int index, const RecordValue& value) {
  struct Binder {
    Statement& statement;
    int index;
    void operator()(std::monostate) const { statement.bind_null(index); }
    void operator()(std::int64_t held) const { statement.bind(index, held); }
    void operator()(const std::string& held) const { statement.bind(index, std::string_view(held)); }
    void operator()(const RecordBytes& held) const { statement.bind_blob(index, held.bytes); }
  };
  std::visit(Binder{statement, index}, value);
}

}  // namespace

RecordSql SqliteRecords::sql(RecordTable table, bool writes) const {
  require_access(shape_of(table), owner_.scope.has_value(), writes);
  return {sqlite_record_words, owner_};
}

Statement SqliteRecords::prepare(const RecordStatement& statement) {
  Statement out = connection_.prepare(statement.text);
  for (std::size_t i = 0; i < statement.parameters.size(); ++i)
    bind(out, static_cast<int>(i) + 1, statement.parameters[i]);
  return out;
}

std::int64_t SqliteRecords::run(const RecordStatement& statement) {
  prepare(statement).run();
  return connection_.changes();
}

bool SqliteRecords::insert(RecordTable table, const Record& record) {
  return run(sql(table, true).insert(table, record)) > 0;
}

std::int64_t SqliteRecords::update(RecordTable table, const std::vector<RecordCondition>& where,
                                   const RecordChanges& changes) {
  std::optional<SecureDelete> secure;  // the texts of kept answers go because an entity is purged
  if (table == RecordTable::kept_answers) secure.emplace(connection_);
  return run(sql(table, true).update(table, where, changes));
}

std::int64_t SqliteRecords::remove(RecordTable table, const std::vector<RecordCondition>& where) {
  return run(sql(table, true).remove(table, where));
}

std::vector<Record> SqliteRecords::select(const RecordSelection& selection) {
  const RecordStatement question = sql(selection.table, false).select(selection);
  Statement statement = prepare(question);
  const std::size_t columns = shape_of(selection.table).columns.size();
  std::vector<Record> out;
  std::size_t bytes = 0;
  while (bytes < selection.most_bytes && statement.step())
    bytes += size_of(out.emplace_back(read_record_values(statement, columns)));
  return out;
}

std::vector<RecordGroup> SqliteRecords::sum(const RecordRollup& rollup) {
  const RecordStatement question = sql(rollup.table, false).sum(rollup);
  Statement statement = prepare(question);
  std::vector<RecordGroup> out;
  while (statement.step()) out.push_back(read_record_group(statement, rollup));
  return out;
}

}  // namespace struere
