#include "storage/sql/record_sql.hpp"

namespace struere {
namespace {

constexpr std::size_t usual_length = 320;

std::string_view operator_of(RecordCondition::Comparison comparison) {
  using enum RecordCondition::Comparison;
  switch (comparison) {
    case less: return " < ";
    case less_or_equal: return " <= ";
    case greater: return " > ";
    case greater_or_equal: return " >= ";
    default: return " = ";
  }
}

std::string_view owner_column(const RecordShape& shape) {
  return shape.owner == RecordOwner::organization ? "organization_id" : "scope_id";
}

// Builds a statement. The owner's columns come first.
class Builder {
 public:
  Builder(const RecordWords& words, const RecordOwnerValues& owner, const RecordShape& shape)
      : words_(words), shape_(shape), owner_(owner) {
    statement_.text.reserve(usual_length);
  }

  Builder& text(std::string_view text) {
    statement_.text += text;
    return *this;
  }
  Builder& table() { return text(words_.tables).text(shape_.name); }
  // Only names of the shape are written into the text.
  Builder& column(std::string_view name) { return text(shape_.columns[column_of(shape_, name)]); }
  Builder& columns(std::span<const std::string_view> names) {
    bool first = true;
    for (const std::string_view name : names) {
      text(first ? "" : ", ").column(name);
      first = false;
    }
    return *this;
  }
  Builder& parameter(const RecordValue& value) {
    statement_.parameters.push_back(value);
    statement_.text += '?';
    statement_.text += std::to_string(statement_.parameters.size());
    return *this;
  }
  bool has_owner() const { return shape_.owner != RecordOwner::database; }
  Builder& owner() {
    return parameter(shape_.owner == RecordOwner::organization ? owner_.organization.value() : owner_.scope.value());
  }

  Builder& where(std::span<const RecordCondition> conditions) {
    std::string_view before = " WHERE ";
    if (has_owner()) {
      text(before).text(owner_column(shape_)).text(" = ").owner();
      before = " AND ";
    }
    for (const RecordCondition& condition : conditions) {
      text(before).column(condition.column);
      // `=` never matches NULL, and not every database can seek by an operator that also matches two NULLs.
      if (condition.comparison == RecordCondition::Comparison::equal && condition.value.index() == 0)
        text(" IS NULL");
      else
        text(operator_of(condition.comparison)).parameter(condition.value);
      before = " AND ";
    }
    has_where_ = before == " AND ";
    return *this;
  }
  Builder& also() { return text(has_where_ ? " AND " : " WHERE "); }

  RecordStatement take() {
    statement_.text = words_.finish(std::move(statement_.text));
    return std::move(statement_);
  }

 private:
  const RecordWords& words_;
  const RecordShape& shape_;
  const RecordOwnerValues& owner_;
  RecordStatement statement_;
  bool has_where_ = false;
};

}  // namespace

std::vector<RecordValue> read_record_values(const ResultRow& row, std::size_t count) {
  std::vector<RecordValue> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const int column = static_cast<int>(i);
    switch (row.type(column)) {
      case ResultRow::Type::null: out.emplace_back(std::monostate{}); break;
      case ResultRow::Type::integer: out.emplace_back(row.integer(column)); break;
      case ResultRow::Type::blob: out.emplace_back(RecordBytes{std::string(row.blob(column))}); break;
      default: out.emplace_back(row.string(column));
    }
  }
  return out;
}

RecordGroup read_record_group(const ResultRow& row, const RecordRollup& rollup) {
  RecordGroup group{read_record_values(row, rollup.group_by.size()), 0, {}};
  int column = static_cast<int>(rollup.group_by.size());
  group.count = row.integer(column);
  for (std::size_t i = 0; i < rollup.sums.size(); ++i) group.sums.push_back(row.integer(++column));
  return group;
}

RecordStatement RecordSql::insert(RecordTable table, const Record& record) const {
  const RecordShape& shape = shape_of(table);
  Builder sql(words_, owner_, shape);
  sql.text("INSERT INTO ").table().text("(");
  if (sql.has_owner()) sql.text(owner_column(shape)).text(", ");
  if (shape.names_shared) sql.text("organization_id, ");
  sql.columns(shape.columns).text(") VALUES(");
  if (sql.has_owner()) sql.owner().text(", ");
  if (shape.names_shared) sql.parameter(owner_.organization.value()).text(", ");
  for (std::size_t i = 0; i < shape.columns.size(); ++i) sql.text(i == 0 ? "" : ", ").parameter(record.at(i));
  return sql.text(") ON CONFLICT DO NOTHING").take();
}

RecordStatement RecordSql::update(RecordTable table, const std::vector<RecordCondition>& where,
                                  const RecordChanges& changes) const {
  Builder sql(words_, owner_, shape_of(table));
  sql.text("UPDATE ").table().text(" SET ");
  for (std::size_t i = 0; i < changes.size(); ++i)
    sql.text(i == 0 ? "" : ", ").column(changes[i].first).text(" = ").parameter(changes[i].second);
  return sql.where(where).take();
}

RecordStatement RecordSql::remove(RecordTable table, const std::vector<RecordCondition>& where) const {
  Builder sql(words_, owner_, shape_of(table));
  return sql.text("DELETE FROM ").table().where(where).take();
}

RecordStatement RecordSql::select(const RecordSelection& selection) const {
  const RecordShape& shape = shape_of(selection.table);
  Builder sql(words_, owner_, shape);
  sql.text("SELECT ").columns(shape.columns).text(" FROM ").table().where(selection.where);
  if (selection.after) {
    sql.also().text("(").columns(selection.order).text(selection.descending ? ") < (" : ") > (");
    for (std::size_t i = 0; i < selection.after->size(); ++i)
      sql.text(i == 0 ? "" : ", ").parameter((*selection.after)[i]);
    sql.text(")");
  }
  for (std::size_t i = 0; i < selection.order.size(); ++i)
    sql.text(i == 0 ? " ORDER BY " : ", ").column(selection.order[i]).text(selection.descending ? " DESC" : "");
  sql.text(" LIMIT ");
  words_.limit_in_text ? sql.text(std::to_string(selection.limit)) : sql.parameter(selection.limit);
  if (selection.skip > 0) {
    sql.text(" OFFSET ");
    words_.limit_in_text ? sql.text(std::to_string(selection.skip)) : sql.parameter(selection.skip);
  }
  return sql.take();
}

RecordStatement RecordSql::sum(const RecordRollup& rollup) const {
  Builder sql(words_, owner_, shape_of(rollup.table));
  sql.text("SELECT ").columns(rollup.group_by).text(rollup.group_by.empty() ? "count(*)" : ", count(*)");
  for (const std::string_view column : rollup.sums)
    sql.text(", coalesce(CAST(sum(").column(column).text(") AS BIGINT), 0)");
  sql.text(" FROM ").table().where(rollup.where);
  if (!rollup.group_by.empty()) {
    sql.text(" GROUP BY ").columns(rollup.group_by);
    for (std::size_t i = 0; i < rollup.group_by.size(); ++i)
      sql.text(i == 0 ? " ORDER BY " : ", ").column(rollup.group_by[i]).text(" NULLS FIRST");
  }
  sql.text(" LIMIT ");
  return (words_.limit_in_text ? sql.text(std::to_string(rollup.limit)) : sql.parameter(rollup.limit)).take();
}

std::string RecordSql::find_in_all_scopes(const RecordWords& words, RecordTable table, std::string_view column) {
  const RecordShape& shape = shape_of(table);
  std::string out = "SELECT ";
  for (const std::string_view name : shape.columns) out.append("k.").append(name).append(", ");
  out.append("s.organization_id, s.environment, s.generation FROM ")
      .append(shape.name)
      .append(" k JOIN scopes s ON s.id = k.scope_id JOIN organizations o ON o.id = s.organization_id");
  out.append(" WHERE k.").append(shape.columns[column_of(shape, column)]).append(" = ?1 AND o.unfinished_copy IS NULL");
  return words.finish(std::move(out));
}

}  // namespace struere
