// Reads rows for an actor, and masks them.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/companion.hpp"
#include "storage/sql/selection_compiler.hpp"

namespace STRUERE_COMPANION_API struere {

// Reads the columns of a CompiledSelection. The objects that `groups` points to must outlive it. One thread at a time
// may use it, as with a statement.
class RowReader {
 public:
  explicit RowReader(const MaskGroups& groups);

  // Returns the row without its data and appends the masked data to `bytes`, so that the rows of a page share one
  // block.
  EntityRow read(const ResultRow& result, std::string& bytes) const;

 private:
  // How to show the rows to which the same masks apply.
  struct Way {
    const MaskSplicer& splicer;
    std::vector<const Mask*> masks;
    bool clear_status, clear_created_at, clear_updated_at;  // at least one of the masks leaves it clear
  };

  Way way_of(std::string_view bits) const;
  static EntityRow read(const ResultRow& result, const Way& way, std::string& bytes);

  ViewMasks shown_;
  std::optional<Way> one_;  // set if one mask applies to all rows
};

}  // namespace struere
