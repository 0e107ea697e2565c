#include "storage/sql/view_values.hpp"

#include <algorithm>

namespace struere {
namespace {

Mask showing_only(const std::vector<FieldPath>& fields) {
  Mask mask;
  mask.visible.emplace();
  for (const FieldPath& field : fields)
    if (field.is_data()) mask.visible->push_back(field);
  return mask;
}

bool has(const std::vector<FieldPath>& fields, FieldPath::Root root) {
  return std::ranges::find(fields, root, &FieldPath::root) != fields.end();
}

}  // namespace

ViewValues::ViewValues(const MaskGroups& groups, std::vector<FieldPath> fields)
    : fields_(std::move(fields)),
      asked_(showing_only(fields_)),
      just_asked_{&asked_},
      narrowing_(just_asked_, MaskPurpose::query),
      seen_(groups.masks, MaskPurpose::query),
      single_(groups.single()),
      any_data_(!asked_.visible->empty()),
      wants_id_(has(fields_, FieldPath::Root::id)),
      wants_status_(has(fields_, FieldPath::Root::status)),
      wants_created_at_(has(fields_, FieldPath::Root::created_at)),
      wants_updated_at_(has(fields_, FieldPath::Root::updated_at)) {}

Json ViewValues::data_of(const ResultRow& result, std::string_view bits) {
  MaskSplicer& splicer = seen_.splicer(bits);
  std::string_view seen = result.text(1);
  if (!splicer.passes_everything()) {
    view_.clear();
    splicer.splice(seen, view_);
    seen = view_;
  }
  narrowed_.clear();
  narrowing_.splice(seen, narrowed_);
  return parse_canonical_json(narrowed_);
}

std::vector<std::optional<Json>> ViewValues::of(const ResultRow& result) {
  RowFields row;
  row.data = data_of(result, bits_of(result));
  std::vector<std::optional<Json>> out;
  for (const FieldPath& field : fields_) {
    const Json* value = row.find(field);
    out.push_back(value ? std::optional(*value) : std::nullopt);
  }
  return out;
}

RowFields ViewValues::fields_of(const ResultRow& result) {
  const std::string_view bits = bits_of(result);
  RowFields row;
  if (any_data_) row.data = data_of(result, bits);
  if (wants_id_) row.id = result.string(0);
  if (!wants_status_ && !wants_created_at_ && !wants_updated_at_) return row;
  const auto masks = seen_.chosen(bits);
  const auto seen = [&](FieldPath::Root root, const Json& value) {
    return apply_masks(masks, root, value, MaskPurpose::query);
  };
  if (wants_status_) row.status = seen(FieldPath::Root::status, result.string(3));
  if (wants_created_at_) row.created_at = seen(FieldPath::Root::created_at, result.integer(4));
  if (wants_updated_at_) row.updated_at = seen(FieldPath::Root::updated_at, result.integer(5));
  return row;
}

}  // namespace struere
