// Reads rows for an actor, and masks them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/companion.hpp"
#include "core/json_scan.hpp"
#include "storage/sql/selection_compiler.hpp"

namespace STRUERE_COMPANION_API struere {

// Reads the columns of a CompiledSelection. The objects that `groups` points to must outlive it. One thread at a time
// may use it, as with a statement.
class RowReader {
 public:
  explicit RowReader(const MaskGroups& groups);

  // Fills an empty row except for its data, and appends the masked data to `bytes`, so that the rows of a page share
  // one block. Returns false, and appends nothing, if the stored data lacks one of the members.
  bool read(const ResultRow& result, std::span<const JsonMember> members, EntityRow& row, std::string& bytes) const;

 private:
  // How to show the rows to which the same masks apply.
  struct Way {
    MaskSplicer& splicer;
    std::vector<const Mask*> masks;
    bool clear_status, clear_created_at, clear_updated_at;  // at least one of the masks leaves it clear
  };

  Way way_of(std::string_view bits) const;
  static bool read(const ResultRow& result, const Way& way, std::span<const JsonMember> members, EntityRow& row,
                   std::string& bytes);

  ViewMasks shown_;
  std::optional<Way> one_;  // set if one mask applies to all rows
};

// The rows of a page, whose data share one block of bytes.
class PageRows {
 public:
  explicit PageRows(const Selection& selection) : type_(selection.type_slug) {}

  // Returns false if the stored data of the row lacks one of the members: then the row is not added.
  bool add(const RowReader& reader, const ResultRow& row, std::span<const JsonMember> members = {});
  // For pages of rows of the size of those that were added.
  void expect(std::size_t rows, std::size_t most_bytes);

  std::size_t size() const noexcept { return rows_.size(); }
  std::size_t bytes() const noexcept { return bytes_->size(); }
  std::vector<Entity> take() { return std::move(rows_); }

 private:
  const std::string& type_;
  std::vector<Entity> rows_;
  std::shared_ptr<std::string> bytes_ = std::make_shared<std::string>();
};

}  // namespace struere
