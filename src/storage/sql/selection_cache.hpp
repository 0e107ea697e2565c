// Keeps compiled selections for the next selection of the same shape.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/sql/row_reader.hpp"
#include "storage/sql/selection_compiler.hpp"

namespace struere {

enum class Asked { rows, count };

// A selection as SQL, with the reader of its rows.
struct PreparedSelection {
  std::shared_ptr<const Grants> grants;  // kept alive, because the compiled selection points to their masks
  CompiledSelection compiled;
  std::optional<RowReader> reader;  // set if rows are read
};

// A cache for one connection. One thread at a time may use it, as with the connection. If it is full, it drops the
// entry that was not used for the longest time.
class SelectionCache {
 public:
  explicit SelectionCache(const Dialect& dialect) : dialect_(dialect) {}

  // Selections share an entry if they differ only in the actor, the id or ids, the limit, the position or the values
  // of the filter. A selection with a search is never shared. `keys` are the field keys as the connection sees them.
  std::shared_ptr<const PreparedSelection> prepare(Asked asked, const Selection& selection, KeySource& keys,
                                                   const Lead& lead);

 private:
  // The keys of a type with which an entry was compiled.
  struct UsedKeys {
    EntityTypeKey type;
    std::shared_ptr<const FieldKeys> keys;
  };
  struct Entry {
    Asked asked;
    EntityTypeKey type;
    bool by_id, by_ids, by_type, walks, continued;
    Predicate filter;
    std::vector<OrderKey> order;
    std::vector<UsedKeys> keys;
    std::shared_ptr<const PreparedSelection> prepared;
  };
  class Recorder;

  const Dialect& dialect_;
  std::list<Entry> entries_;  // most recently used first
};

}  // namespace struere
