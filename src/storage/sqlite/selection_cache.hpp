// What selections were compiled to, kept for the next one of the same shape.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/row_reader.hpp"
#include "storage/sqlite/selection_compiler.hpp"

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
  // Selections that differ in the actor, the id, the limit or the position alone share one; a search has its own.
  std::shared_ptr<const PreparedSelection> prepare(Asked asked, const Selection& selection,
                                                   const std::optional<std::string>& candidates);

 private:
  struct Entry {
    Asked asked;
    EntityTypeKey type;
    bool by_id, continued;
    Predicate filter;
    std::vector<OrderKey> order;
    std::shared_ptr<const PreparedSelection> prepared;
  };

  std::list<Entry> entries_;  // most recently used first
};

}  // namespace struere
