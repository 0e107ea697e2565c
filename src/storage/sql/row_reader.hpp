// Cuts what is hidden out of rows as they leave.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "storage/sql/selection_compiler.hpp"

namespace struere {

// For the columns of a CompiledSelection; what `groups` points to must outlive it. One thread at a time, as a statement
// is.
class RowReader {
 public:
  explicit RowReader(const MaskGroups& groups);

  // The row without its data, which is added to `bytes`: the rows of a page lie in one block.
  EntityRow read(const ResultRow& result, std::string& bytes) const;

 private:
  // How rows are shown that the same masks apply to.
  struct Way {
    const MaskSplicer& splicer;
    std::vector<const Mask*> masks;
    bool clear_status, clear_created_at, clear_updated_at;  // by one of the masks at least
  };

  Way way_of(std::string_view bits) const;
  static EntityRow read(const ResultRow& result, const Way& way, std::string& bytes);

  ViewMasks shown_;
  std::optional<Way> one_;  // where all rows are seen through one mask
};

}  // namespace struere
