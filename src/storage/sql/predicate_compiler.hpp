// From a Predicate to an SQL condition that is true of exactly the rows that the interpreter finds it true of. SQL's
// third truth value, NULL, only ever stands for false here: no condition is negated.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sql/dialect.hpp"
#include "storage/sql/field_key.hpp"
#include "storage/sql/selection_parameter.hpp"
#include "struere/query/predicate.hpp"

namespace struere {

// Where the fields of a row are found. Nothing stands for a field that is absent from every row.
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual std::string id() const = 0;
  virtual std::optional<std::string> data(const FieldPath& field) const = 0;       // JSON text that holds the field
  virtual std::optional<std::string> attribute(const FieldPath& field) const = 0;  // id, status, created_at, updated_at
};

// As stored, in a table or alias.
class StoredSource final : public RowSource {
 public:
  explicit StoredSource(std::string alias) : alias_(std::move(alias)) {}
  std::string id() const override { return alias_ + ".id"; }
  std::optional<std::string> data(const FieldPath&) const override { return alias_ + ".data"; }
  std::optional<std::string> attribute(const FieldPath& field) const override;

 private:
  std::string alias_;
};

// The field's canonical JSON text, or NULL where it is absent; JSON's null is the text 'null'.
std::string json_at(const Dialect& dialect, std::string_view data, const FieldPath& field);

// `parts` joined in long chains, and chains of chains: databases bound the depth of an expression, and SQLite
// that of parentheses more so. `none` where there are no parts.
std::string joined(const std::vector<std::string>& parts, std::string_view separator, std::string_view none);

class PredicateCompiler {
 public:
  // `parameters` are those from ?2 on, and are added to; ?1 is the scope.
  // With `keys`, own entities are found by field keys; without, by looking at all of their types.
  explicit PredicateCompiler(const Dialect& dialect, std::vector<SelectionParameter>& parameters,
                             KeySource* keys = nullptr)
      : dialect_(dialect), parameters_(parameters), keys_(keys) {}

  const Dialect& dialect() const noexcept { return dialect_; }

  // Lets the values of this filter, which must stay where it is, be slots.
  void bind_literals(const Predicate& filter);
  // A literal, or the slot that stands for it.
  SelectionParameter value_of(const Json& literal, Slot::Form form) const;

  std::string parameter(SelectionParameter value);
  // An operand that is a value, as a part of a field key: itself, or the bounds of its kind.
  std::variant<std::string, Slot> key_part(const Operand& operand, Slot::Form form) const;
  std::string compile(const Predicate& predicate, const RowSource& row);
  // A query, with one column `value`, for the elements of a list of texts.
  std::string texts_of(SelectionParameter list);
  // The column `id` as JSON.
  std::string quoted_id() const;

  // Queries that conditions refer to stand before the statement, each once and by name, so that no condition nests
  // them. `WITH … `, or nothing where there are none.
  std::string with() const;
  // The name of a query for the id of the own entity: one row or none, with one column, id.
  std::string own_entity(const OwnEntity& own);
  // A comparison that holds for this id if its entity is not deleted.
  static std::string alive(const std::string& id);
  // The name of a query for the ids at the other end of relations whose near end, which must be alive, compares so; one
  // column, id.
  std::string far_ends(const std::string& near_end, const Hop& hop);
  // That of a list of related ids.
  std::string related_ids(const Operand& operand);

 private:
  std::string name_query(const std::string& key, const std::function<std::string()>& make);

  std::string compile_comparison(const Predicate& predicate, const RowSource& row);
  std::string compile_data(const std::string& field, Operator op, const Operand& operand);
  std::string compile_attribute(const FieldPath& field, const std::string& column, Operator op, const Operand& operand);
  // Within the kind of the value: keys of another kind start with another byte.
  std::string compile_order(const std::string& field, Operator op, SelectionParameter bound, SelectionParameter kind,
                            SelectionParameter past_kind);
  std::string compile_text(const std::string& column, Operator op, const Json& value);
  std::string compile_text_against(const std::string& column, Operator op, SelectionParameter text);
  std::string compile_time(const std::string& column, Operator op, const Json& value);
  std::string compile_reached(const Predicate& predicate, const RowSource& row);

  // Texts that stand in more than one place.
  std::string at(std::string_view data, const FieldPath& field) const { return json_at(dialect_, data, field); }
  std::string integers_of(SelectionParameter list);  // likewise of integers
  std::string all() const { return std::string(dialect_.yes); }
  std::string none() const { return std::string(dialect_.no); }

  const Dialect& dialect_;
  std::vector<SelectionParameter>& parameters_;
  KeySource* keys_;
  std::map<const Json*, std::size_t> literals_;
  std::map<std::string, std::string> names_;  // by what the query asks
  std::string with_;
};

}  // namespace struere
