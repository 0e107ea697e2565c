// Chooses the field key that leads to the rows of a selection, and compiles the condition on it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/predicate_compiler.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_COMPANION_API struere {

// The comparisons that are true of every row for which the predicate is true.
std::vector<const Predicate*> conditions_of(const Predicate& predicate);

// Whether the order is createdAt, then id, in one direction. Rows with equal keys are stored in this order.
bool is_by_time(const std::vector<OrderKey>& order);

// A field key and the conditions of the selection that it answers. The rows that it finds are candidates: it finds
// every row of the selection, and possibly others.
struct KeyAccess {
  const FieldKey* key;
  std::vector<const Predicate*> equal;  // `eq` conditions on its first fields
  const Predicate* list = nullptr;      // `in` condition on the field after those
  std::vector<const Predicate*> range;  // `gt gte lt lte` conditions on the field after those
  bool is_in_order = false;             // the field after those is the last one, and the order begins with it

  bool is_full() const noexcept { return equal.size() == key->fields.size(); }
  // Of the conditions that it answers.
  std::vector<const Predicate*> answered() const;
  // Whether the rows come in this order, so that a page ends with them.
  bool has_order(const std::vector<OrderKey>& order) const;
};

// Whether it is a lower or an upper bound that is a value.
bool is_range(const Predicate& condition);

// What this key answers of the conditions.
KeyAccess access_by(const FieldKey& key, const std::vector<const Predicate*>& conditions,
                    const std::vector<OrderKey>& order);

// `conditions` must hold for the rows as stored. `order` is empty for a count; it can be used only if `is_clear` is
// true of all its fields. `walks`: only a key in this order will do. Returns nullopt if no key is better than reading
// all rows of the type.
std::optional<KeyAccess> choose_key(const FieldKeys& keys, const std::vector<const Predicate*>& conditions,
                                    const std::vector<OrderKey>& order,
                                    const std::function<bool(const FieldPath&)>& is_clear, bool walks = false);

// Compiles the condition on the column `k.key`.
class KeyCondition {
 public:
  KeyCondition(PredicateCompiler& compiler, const KeyAccess& access) : compiler_(compiler), access_(access) {}

  std::string compile();
  // The key of all rows that the condition admits, if it admits only one (`KeyAccess::is_full`).
  std::string only_key() { return beginning(); }
  // An additional condition: the key does not come before the position at which the page begins.
  std::string compile_after(bool descending);

 private:
  // SQL for the beginning of the key, which the values of `equal` make, followed by `more`.
  std::string beginning(std::vector<std::variant<std::string, Slot>> more = {});

  PredicateCompiler& compiler_;
  const KeyAccess& access_;
};

}  // namespace struere
