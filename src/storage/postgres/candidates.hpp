// From a selection to the rows that may be in it: SQL narrows and orders by what is provably the interpreter's answer,
// and leaves no row out. Whether a row is selected is decided by RowDecider.
//
// INVARIANT: every statement binds the scope as its first parameter, $1, and each use of a scoped table compares its
// scope_id with it. All values are parameters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postgres/parameters.hpp"
#include "storage/postgres/row_decider.hpp"
#include "storage/postgres/type_keys.hpp"
#include "storage/sql/key_access.hpp"

namespace struere::postgres {

// Joins the row `e` of a type's key `k`; $1 is the scope, $2 the type. OFFSET 0 and LATERAL fix the order of the join:
// the planner takes conditions that it knows nothing of, such as `+ 0`, for very selective, and would begin with the
// rows. It would then look for the key of each row by the id, the last column of the keys' index, and read thousands of
// keys for each row. `+ 0` hides that the index of the type would do (Candidates::add_conditions).
inline constexpr std::string_view row_of_key =
    " CROSS JOIN LATERAL (SELECT e.id, e.data, e.version, e.status, e.created_at, e.updated_at FROM struere.entities e "
    "WHERE e.scope_id = $1 AND e.type_key + 0 = $2 AND e.deleted_at + 0 IS NULL AND e.id = k.id OFFSET 0) e";

// Columns: id, data, version, status, created_at, updated_at, then the field key if `has_key`.
class Candidates {
 public:
  // How the rows of the statement are ordered.
  enum class Order {
    none,   // in some order, which batches continue
    exact,  // that of the selection
    key,    // by a field key: its first field decides, except between values that the key cuts
  };

  // `terms` narrow by the table of words. What is passed must outlive this.
  Candidates(std::int64_t scope, const Selection& selection, const RowDecider& decider, const TypeKeys& keys,
             const std::vector<std::string>& terms, bool with_order);

  Order order() const noexcept { return order_; }
  bool has_key() const noexcept { return order_ == Order::key; }
  bool has_terms() const noexcept { return !terms_.empty(); }
  static constexpr int key_column = 6;
  int columns() const noexcept { return has_key() ? key_column + 1 : key_column; }
  // order() == key: whether rows of one key come in the order of the selection if the key is exact.
  bool is_tail_exact() const noexcept { return is_tail_exact_; }
  // The field key that leads to the rows, if there is one.
  const FieldKey* key() const noexcept { return access_ ? access_->key : nullptr; }

  struct Statement {
    std::string sql;
    Parameters parameters;
  };
  // The next `limit` rows; after `last`, if there was a batch before.
  Statement select(std::int64_t limit, const ResultRow* last = nullptr) const;
  // How many rows there are, if SQL alone decides.
  std::optional<Statement> count() const;
  // Whether the statement's conditions are all that is asked of a row, and each exactly.
  bool is_decided() const;
  // order() == exact: whether the first batch begins exactly after the position of the selection.
  bool is_position_exact() const;

 private:
  struct Text;  // a statement that is being written

  // Whether the statement goes from keys, as `k`, to their rows.
  bool has_keys() const noexcept { return access_ || !alternatives_.empty(); }
  bool is_led_by_ids() const;
  void add_condition(Text& text, const Predicate& condition) const;
  void add_conditions(Text& text) const;
  void add_key_condition(Text& text, const KeyAccess& access) const;
  void add_source(Text& text) const;
  void add_position(Text& text) const;
  void add_place(Text& text, const ResultRow& last) const;
  std::string_view order_column(const OrderKey& key) const;
  bool is_in_key(const Predicate& condition) const;

  std::int64_t scope_;
  const Selection& selection_;
  const RowDecider& decider_;
  const std::vector<std::string>& terms_;
  std::vector<const Predicate*> conditions_;  // of every row as it is stored
  bool are_all_conditions_ = true;            // conditions_ are all those of the rules and of the filter
  std::optional<KeyAccess> access_;
  std::vector<KeyAccess> alternatives_;
  Order order_ = Order::none;
  bool is_tail_exact_ = false;
};

}  // namespace struere::postgres
