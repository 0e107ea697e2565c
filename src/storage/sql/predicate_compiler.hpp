// Compiles a Predicate to an SQL condition that is true of exactly the rows for which the interpreter finds it true.
// SQL's third truth value, NULL, always counts as false here, because no condition is negated.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/dialect.hpp"
#include "storage/sql/field_key.hpp"
#include "storage/sql/selection_parameter.hpp"
#include "struere/query/predicate.hpp"

namespace struere {

// Gives the SQL for the fields of a row. Returns nullopt for a field that is absent from every row.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::string id() const = 0;
  virtual std::optional<std::string> data(const FieldPath& field) const = 0;       // JSON text that contains the field
  virtual std::optional<std::string> attribute(const FieldPath& field) const = 0;  // id, status, created_at, updated_at
};

// The row as stored, in the table or alias of that name.
class StoredSource final : public RowSource {
 public:
  explicit StoredSource(std::string alias) : alias_(std::move(alias)) {}
  std::string id() const override { return alias_ + ".id"; }
  std::optional<std::string> data(const FieldPath&) const override { return alias_ + ".data"; }
  std::optional<std::string> attribute(const FieldPath& field) const override;

 private:
  std::string alias_;
};

// SQL for the canonical JSON text of the field, or NULL if it is absent. JSON's null is the text 'null'.
std::string json_at(const Dialect& dialect, std::string_view data, const FieldPath& field);

// Joins `parts` in long chains, and those in further chains, because databases limit the depth of an expression and
// SQLite limits the depth of parentheses even more. Returns `none` if `parts` is empty.
std::string joined(const std::vector<std::string>& parts, std::string_view separator, std::string_view none);

class PredicateCompiler {
 public:
  // Appends to `parameters`, which are those from ?2 on; ?1 is the scope. With `keys`, own entities are found by field
  // keys; without, by reading all entities of their types.
  explicit PredicateCompiler(const Dialect& dialect, std::vector<SelectionParameter>& parameters,
                             KeySource* keys = nullptr)
      : dialect_(dialect), parameters_(parameters), keys_(keys) {}

  const Dialect& dialect() const noexcept { return dialect_; }

  // Makes the values of this filter slots. The filter must not move.
  void bind_literals(const Predicate& filter);
  // A literal, or the slot that stands for it.
  SelectionParameter value_of(const Json& literal, Slot::Form form) const;

  std::string parameter(SelectionParameter value);
  // The part of a field key for an operand that is a value. For `kind` and `past_kind` it is a bound of the value's
  // kind.
  std::variant<std::string, Slot> key_part(const Operand& operand, Slot::Form form) const;
  std::string compile(const Predicate& predicate, const RowSource& row);
  // Makes compile() take this comparison for true, because the reader of the rows decides it. It must not move.
  void leave_out(const Predicate& condition) { left_out_.push_back(&condition); }
  // The statement reads one row at most, or few, which their ids select.
  void expect_one_row() { rows_ = Rows::one; }
  void expect_few_rows() { rows_ = Rows::few; }
  // An operand that is a literal or a value of the actor, as canonical JSON.
  SelectionParameter json_of(const Operand& operand) const;
  // A query with one column `value` that returns the elements of a list of texts.
  std::string texts_of(SelectionParameter list);
  // The column `id` as JSON.
  std::string quoted_id() const;

  // The queries that conditions refer to. Each is written once and by name before the statement, so that no condition
  // nests them. Returns `WITH … `, or an empty text if there are no queries.
  std::string with() const;
  // The name of a query for the id of the own entity. It returns at most one row, with one column, id.
  std::string own_entity(const OwnEntity& own);
  // The name of a query for this id, if it belongs to an entity that is not deleted.
  std::string alive(const std::string& id);
  // The name of a query for the ids at the far end of relations, with the columns id and created_at. `near_ends` is the
  // name of a query for their near ends, which must not be deleted.
  std::string far_ends(const std::string& near_ends, const Hop& hop);
  // The name of a query for the ids that a path of relations reaches. It has no id twice.
  std::string reached_ids(const Predicate& reached);
  // The name of a query for a list of related ids.
  std::string related_ids(const Operand& operand);

 private:
  // The rows `r` of entity_relations from these near ends, as what follows FROM. CROSS JOIN makes SQLite read the near
  // ends first; it expects few rows of a scope, and would read all of its relations and entities.
  std::string relations(const std::string& near_ends, const Hop& hop);
  std::string ends_of(const Predicate& reached, std::span<const Hop> hops);
  static const char* near_column(const Hop& hop) { return hop.backwards ? "to_id" : "from_id"; }
  static const char* far_column(const Hop& hop) { return hop.backwards ? "from_id" : "to_id"; }
  std::string name_query(const std::string& key, const char* columns, const std::function<std::string()>& make);

  std::string compile_comparison(const Predicate& predicate, const RowSource& row);
  std::string compile_data(const std::string& field, Operator op, const Operand& operand);
  std::string compile_value(const Operand& operand);  // of an operand that is one value: its canonical text
  std::string compile_attribute(const FieldPath& field, const std::string& column, Operator op, const Operand& operand);
  // Compares only within the kind of the value, because sort keys of other kinds begin with other bytes.
  std::string compile_order(const std::string& field, Operator op, SelectionParameter bound, SelectionParameter kind,
                            SelectionParameter past_kind);
  std::string compile_text(const std::string& column, Operator op, const Json& value);
  std::string compile_text_against(const std::string& column, Operator op, SelectionParameter text);
  std::string compile_time(const std::string& column, Operator op, const Json& value);
  std::string compile_reached(const Predicate& predicate, const RowSource& row);

  // Short forms for SQL that is used in more than one place.
  std::string at(std::string_view data, const FieldPath& field) const { return json_at(dialect_, data, field); }
  std::string integers_of(SelectionParameter list);  // like texts_of(), for a list of integers
  std::string all() const { return std::string(dialect_.yes); }
  std::string none() const { return std::string(dialect_.no); }

  const Dialect& dialect_;
  std::vector<SelectionParameter>& parameters_;
  KeySource* keys_;
  std::map<const Json*, std::size_t> literals_;
  std::vector<const Predicate*> left_out_;
  std::map<std::string, std::string> names_;  // by what the query returns
  std::string with_;
  enum class Rows { one, few, many } rows_ = Rows::many;
};

}  // namespace struere
