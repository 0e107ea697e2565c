// Extracts single fields from the stored text of rows, as queries see them (MaskPurpose::query).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/sql/selection_compiler.hpp"
#include "struere/query/interpreter.hpp"

namespace struere {

// Reads the columns of a CompiledSelection. The objects that `groups` points to must outlive it. One thread at a time
// may use it, as with a statement.
class ViewValues {
 public:
  ViewValues(const MaskGroups& groups, std::vector<FieldPath> fields);

  // The values of the fields. All fields must be in `data`.
  std::vector<std::optional<Json>> of(const ResultRow& result);
  // A row of which only these fields may be used.
  RowFields fields_of(const ResultRow& result);

 private:
  std::string_view bits_of(const ResultRow& result) const { return single_ ? "1" : result.text(6); }
  Json data_of(const ResultRow& result, std::string_view bits);

  std::vector<FieldPath> fields_;
  Mask asked_;  // shows only these fields of `data`
  std::vector<const Mask*> just_asked_;
  MaskSplicer narrowing_;
  ViewMasks seen_;
  bool single_, any_data_;
  bool wants_id_, wants_status_, wants_created_at_, wants_updated_at_;
  std::string view_, narrowed_;  // kept, so that a row needs no new memory
};

}  // namespace struere
