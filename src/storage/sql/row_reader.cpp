#include "storage/sql/row_reader.hpp"

#include <algorithm>

#include "struere/query/interpreter.hpp"

namespace struere {

RowReader::RowReader(const MaskGroups& groups) : shown_(groups.masks, MaskPurpose::show) {
  if (groups.single()) one_.emplace(way_of("1"));
}

bool RowReader::read(const ResultRow& result, std::span<const JsonMember> members, EntityRow& row,
                     std::string& bytes) const {
  if (one_) return read(result, *one_, members, row, bytes);
  return read(result, way_of(result.text(6)), members, row, bytes);
}

RowReader::Way RowReader::way_of(std::string_view bits) const {
  Way way{shown_.splicer(bits), shown_.chosen(bits), false, false, false};
  static const FieldPath status = *FieldPath::parse("status"), created_at = *FieldPath::parse("createdAt"),
                         updated_at = *FieldPath::parse("updatedAt");
  const auto clear = [&](const FieldPath& field) {
    return std::ranges::any_of(way.masks,
                               [&](const Mask* mask) { return visibility(*mask, field) == Visibility::clear; });
  };
  way.clear_status = clear(status);
  way.clear_created_at = clear(created_at);
  way.clear_updated_at = clear(updated_at);
  return way;
}

bool RowReader::read(const ResultRow& result, const Way& way, std::span<const JsonMember> members, EntityRow& row,
                     std::string& bytes) {
  if (!way.splicer.splice_if(result.text(1), members, bytes)) return false;
  row.id = EntityId(result.string(0));
  row.version = result.integer(2);
  const auto mask = [&](FieldPath::Root root, const Json& value) {
    if (auto shown = apply_masks(way.masks, root, value, MaskPurpose::show))
      show_attribute(row, root, *std::move(shown));
  };
  if (way.clear_status)
    row.status.emplace(result.text(3));
  else
    mask(FieldPath::Root::status, result.string(3));
  if (way.clear_created_at)
    row.created_at = result.integer(4);
  else
    mask(FieldPath::Root::created_at, result.integer(4));
  if (way.clear_updated_at)
    row.updated_at = result.integer(5);
  else
    mask(FieldPath::Root::updated_at, result.integer(5));
  return true;
}

bool PageRows::add(const RowReader& reader, const ResultRow& result, std::span<const JsonMember> members) {
  const std::size_t begin = bytes_->size();
  EntityRow row;
  if (!reader.read(result, members, row, *bytes_)) return false;
  row.data = SharedText(bytes_, begin, bytes_->size() - begin);
  rows_.emplace_back(type_, std::move(row));
  return true;
}

// Rows of a type have similar sizes. The system assigns no memory to reserved pages before they are written, so
// reserving too much is cheap.
void PageRows::expect(std::size_t rows, std::size_t most_bytes) {
  rows_.reserve(rows);
  bytes_->reserve(std::min(bytes_->size() * (rows + rows / 4), most_bytes));
}

}  // namespace struere
