// Single fields of rows as queries see them (MaskPurpose::query), cut out of the stored text.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/sql/selection_compiler.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// For the columns of a CompiledSelection; what `groups` points to must outlive it. One thread at a time, as a statement
// is.
class ViewValues {
 public:
  ViewValues(const MaskGroups& groups, std::vector<FieldPath> fields);

  // The value of each of the fields; all must be in `data`.
  std::vector<std::optional<Json>> of(const ResultRow& result) const;
  // A row in which nothing but these fields may be looked at.
  RowFields fields_of(const ResultRow& result) const;

 private:
  std::string_view bits_of(const ResultRow& result) const { return single_ ? "1" : result.text(6); }
  Json data_of(const ResultRow& result, std::string_view bits) const;

  std::vector<FieldPath> fields_;
  Mask asked_;  // of `data`, these fields
  std::vector<const Mask*> just_asked_;
  MaskSplicer narrowing_;
  ViewMasks seen_;
  bool single_, any_data_;
  bool wants_id_, wants_status_, wants_created_at_, wants_updated_at_;
  mutable std::string view_, narrowed_;  // kept, so that no row needs memory of its own
};

}  // namespace struere
