// Which field key leads to the rows of a selection, and how SQL says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/sql/predicate_compiler.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// The comparisons that are true of each row for which a predicate is.
std::vector<const Predicate*> conditions_of(const Predicate& predicate);

// In the order that keys have beside their own bytes.
bool is_by_time(const std::vector<OrderKey>& order);

// A field key, and what of the selection it stands for. Rows that it leads to are candidates: it leaves none out.
struct KeyAccess {
  const FieldKey* key;
  std::vector<const Predicate*> equal;  // `eq`, of its first fields
  const Predicate* list = nullptr;      // `in`, of the field after those
  std::vector<const Predicate*> range;  // orderings, likewise
  bool is_in_order = false;             // that field is its last, and the first key of the order

  bool is_full() const noexcept { return equal.size() == key->fields.size(); }
};

// `conditions` are those that hold of the rows as stored. `order` is empty for a count, and only what `is_clear` of it
// is in the order of the stored rows. nullopt if no key is better than all rows of the type.
std::optional<KeyAccess> choose_key(const FieldKeys& keys, const std::vector<const Predicate*>& conditions,
                                    const std::vector<OrderKey>& order,
                                    const std::function<bool(const FieldPath&)>& is_clear);

// The condition on the column `k.key`.
class KeyCondition {
 public:
  KeyCondition(PredicateCompiler& compiler, const KeyAccess& access) : compiler_(compiler), access_(access) {}

  std::string compile();
  // Also: not before the position of a page in the order of the key.
  std::string compile_after(bool descending);

 private:
  // The beginning of the key that the values of `equal` make, as SQL, with more bytes after it.
  std::string beginning(std::vector<std::variant<std::string, Slot>> more = {});

  PredicateCompiler& compiler_;
  const KeyAccess& access_;
};

}  // namespace struere
