// Records of the tables that are no entities: one piece of SQL for all of them.
#include <fmt/format.h>
#include <sqlite3.h>

#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// Builds a statement whose parameter ?1 is the owner of the rows: the scope, or the organization.
class RecordSql {
 public:
  explicit RecordSql(const RecordShape& shape) : shape_(shape) {}

  std::string parameter(const RecordValue& value) {
    std::visit([&](const auto& held) { parameters.emplace_back(as_parameter(held)); }, value);
    return fmt::format("?{}", parameters.size() + 1);
  }

  // Only names of the shape come into the text.
  std::string_view column(std::string_view name) const { return shape_.columns[column_of(shape_, name)]; }

  std::string columns(std::span<const std::string_view> names) const {
    std::string out;
    for (const std::string_view name : names) out.append(out.empty() ? "" : ", ").append(column(name));
    return out;
  }

  std::string_view owner() const { return shape_.shared ? "organization_id" : "scope_id"; }

  std::string where(std::span<const RecordCondition> conditions) {
    std::string out = fmt::format(" WHERE {} = ?1", owner());
    for (const RecordCondition& condition : conditions)
      out += fmt::format(" AND {} {} {}", column(condition.column), operator_of(condition.comparison),
                         parameter(condition.value));
    return out;
  }

  std::vector<Parameter> parameters;  // from ?2 on

 private:
  static Parameter as_parameter(std::monostate) { return nullptr; }
  static Parameter as_parameter(std::int64_t value) { return value; }
  static Parameter as_parameter(const std::string& value) { return value; }

  static std::string_view operator_of(RecordCondition::Comparison comparison) {
    using enum RecordCondition::Comparison;
    switch (comparison) {
      case less: return "<";
      case less_or_equal: return "<=";
      case greater: return ">";
      case greater_or_equal: return ">=";
      default: return "IS";
    }
  }

  const RecordShape& shape_;
};

RecordValue read_value(const Statement& statement, int column) {
  switch (statement.type(column)) {
    case Statement::Type::null: return std::monostate{};
    case Statement::Type::integer: return statement.integer(column);
    default: return statement.string(column);
  }
}

std::vector<RecordValue> read_values(const Statement& statement, std::size_t count) {
  std::vector<RecordValue> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(read_value(statement, static_cast<int>(i)));
  return out;
}

}  // namespace

Statement SqliteTransaction::owned(const RecordShape& shape, const std::string& sql,
                                   const std::vector<Parameter>& parameters) {
  Statement statement = connection_->prepare(sql);
  if (shape.shared)
    statement.bind(1, std::string_view(organization_));
  else
    statement.bind(1, scope_);
  for (std::size_t i = 0; i < parameters.size(); ++i) statement.bind(static_cast<int>(i) + 2, parameters[i]);
  return statement;
}

// Before the commit: what scopes_with_due_runs() looks at.
void SqliteTransaction::note_due_runs() {
  if (!has_changed_runs_) return;
  has_changed_runs_ = false;
  scoped(
      "INSERT INTO due_scopes(scope_id, due_at) SELECT ?1, first FROM (SELECT min(due_at) AS first FROM ("
      "SELECT min(due_at) AS due_at FROM trigger_runs WHERE scope_id = ?1 AND status = 'pending' UNION ALL "
      "SELECT min(due_at) FROM trigger_runs WHERE scope_id = ?1 AND status = 'running')) WHERE first IS NOT NULL "
      "ON CONFLICT(scope_id) DO UPDATE SET due_at = excluded.due_at")
      .run();
  if (connection_->changes() == 0) scoped("DELETE FROM due_scopes WHERE scope_id = ?1").run();
}

bool SqliteTransaction::insert_record(RecordTable table, const Record& record) {
  const RecordShape& shape = shape_of(table);
  RecordSql sql(shape);
  std::string columns(sql.owner()), values = "?1";
  if (shape.names_shared) {
    columns += ", organization_id";
    values += ", " + sql.parameter(organization_);
  }
  for (std::size_t i = 0; i < shape.columns.size(); ++i) {
    columns.append(", ").append(shape.columns[i]);
    values.append(", ").append(sql.parameter(record.at(i)));
  }
  owned(shape, fmt::format("INSERT INTO {}({}) VALUES({}) ON CONFLICT DO NOTHING", shape.name, columns, values),
        sql.parameters)
      .run();
  const bool inserted = connection_->changes() > 0;
  has_changed_runs_ = has_changed_runs_ || table == RecordTable::trigger_runs;
  if (shape.configuration) count_generation();
  return inserted;
}

std::int64_t SqliteTransaction::update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                               const RecordChanges& changes) {
  const RecordShape& shape = shape_of(table);
  RecordSql sql(shape);
  std::string assignments;
  for (const auto& [column, value] : changes)
    assignments += fmt::format("{}{} = {}", assignments.empty() ? "" : ", ", sql.column(column), sql.parameter(value));
  const std::string condition = sql.where(where);
  owned(shape, fmt::format("UPDATE {} SET {}{}", shape.name, assignments, condition), sql.parameters).run();
  const std::int64_t changed = connection_->changes();
  has_changed_runs_ = has_changed_runs_ || table == RecordTable::trigger_runs;
  if (shape.configuration) count_generation();
  return changed;
}

std::int64_t SqliteTransaction::remove_records(RecordTable table, const std::vector<RecordCondition>& where) {
  const RecordShape& shape = shape_of(table);
  RecordSql sql(shape);
  const std::string condition = sql.where(where);
  owned(shape, fmt::format("DELETE FROM {}{}", shape.name, condition), sql.parameters).run();
  const std::int64_t removed = connection_->changes();
  has_changed_runs_ = has_changed_runs_ || table == RecordTable::trigger_runs;
  if (shape.configuration) count_generation();
  return removed;
}

std::vector<Record> SqliteTransaction::select_records(const RecordSelection& selection) {
  const RecordShape& shape = shape_of(selection.table);
  RecordSql sql(shape);
  std::string text =
      fmt::format("SELECT {} FROM {}{}", sql.columns(shape.columns), shape.name, sql.where(selection.where));
  if (selection.after) {
    std::string values;
    for (const RecordValue& value : *selection.after)
      values.append(values.empty() ? "" : ", ").append(sql.parameter(value));
    text += fmt::format(" AND ({}) {} ({})", sql.columns(selection.order), selection.descending ? "<" : ">", values);
  }
  for (std::size_t i = 0; i < selection.order.size(); ++i)
    text += fmt::format("{}{}{}", i == 0 ? " ORDER BY " : ", ", sql.column(selection.order[i]),
                        selection.descending ? " DESC" : "");
  text += " LIMIT " + sql.parameter(selection.limit);
  Statement statement = owned(shape, text, sql.parameters);
  std::vector<Record> out;
  std::size_t bytes = 0;
  while (bytes < selection.most_bytes && statement.step())
    bytes += size_of(out.emplace_back(read_values(statement, shape.columns.size())));
  return out;
}

std::vector<RecordGroup> SqliteTransaction::sum_records(const RecordRollup& rollup) {
  const RecordShape& shape = shape_of(rollup.table);
  RecordSql sql(shape);
  const std::string groups = sql.columns(rollup.group_by);
  std::string selected = groups + (groups.empty() ? "count(*)" : ", count(*)");
  for (const std::string_view column : rollup.sums)
    selected += fmt::format(", coalesce(sum({}), 0)", sql.column(column));
  std::string text = fmt::format("SELECT {} FROM {}{}", selected, shape.name, sql.where(rollup.where));
  if (!groups.empty()) text += fmt::format(" GROUP BY {} ORDER BY {}", groups, groups);
  Statement statement = owned(shape, text, sql.parameters);
  std::vector<RecordGroup> out;
  while (statement.step()) {
    RecordGroup group{read_values(statement, rollup.group_by.size()), 0, {}};
    const int first = static_cast<int>(rollup.group_by.size());
    group.count = statement.integer(first);
    for (std::size_t i = 0; i < rollup.sums.size(); ++i)
      group.sums.push_back(statement.integer(first + 1 + static_cast<int>(i)));
    out.push_back(std::move(group));
  }
  return out;
}

}  // namespace struere
