// What selections were compiled to, kept for the next one of the same shape.
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
  std::shared_ptr<const Grants> grants;  // kept alive: what was compiled points to their masks
  CompiledSelection compiled;
  std::optional<RowReader> reader;  // of rows
};

// Of one connection, and used by one thread at a time as that is. Bounded: what was used last stays.
class SelectionCache {
 public:
  explicit SelectionCache(const Dialect& dialect) : dialect_(dialect) {}

  // Selections that differ only in the actor, the id or the ids, the limit, the position or the values of the filter
  // share one; a search has its own. `keys` are the field keys as the connection sees them.
  std::shared_ptr<const PreparedSelection> prepare(Asked asked, const Selection& selection, KeySource& keys,
                                                   const std::optional<std::string>& candidates);

 private:
  // The keys of a type that something was compiled with.
  struct UsedKeys {
    EntityTypeKey type;
    std::shared_ptr<const FieldKeys> keys;
  };
  struct Entry {
    Asked asked;
    EntityTypeKey type;
    bool by_id, by_ids, continued;
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
