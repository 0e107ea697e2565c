#include "storage/sqlite/row_reader.hpp"

#include <algorithm>

namespace struere {

RowReader::RowReader(const MaskGroups& groups) : shown_(groups.masks, MaskPurpose::show) {
  if (groups.single()) one_.emplace(way_of("1"));
}

EntityRow RowReader::read(const Statement& statement) const {
  if (one_) return read(statement, *one_);
  return read(statement, way_of(statement.text(6)));
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

EntityRow RowReader::read(const Statement& statement, const Way& way) {
  EntityRow row;
  row.id = statement.string(0);
  const std::string_view data = statement.text(1);
  row.data.reserve(data.size());
  way.splicer.splice(data, row.data);
  row.version = statement.integer(2);
  const auto show = [&](bool clear, FieldPath::Root root, Json value, std::optional<Json>& out) {
    if (clear)
      out.emplace(std::move(value));
    else
      out = apply_masks(way.masks, root, value, MaskPurpose::show);
  };
  show(way.clear_status, FieldPath::Root::status, statement.string(3), row.status);
  show(way.clear_created_at, FieldPath::Root::created_at, statement.integer(4), row.created_at);
  show(way.clear_updated_at, FieldPath::Root::updated_at, statement.integer(5), row.updated_at);
  return row;
}

}  // namespace struere
