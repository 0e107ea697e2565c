// Counts, sums and other measures over the rows of a view, by groups (SPEC 6, "aggregates").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

// Computed for each group: the number of rows, or a measure of the values of a field as filters see them. `sum` and
// `avg` use numbers, `min` and `max` numbers and strings.
struct Measure {
  enum class Op { count, sum, avg, min, max };

  Op op = Op::count;
  std::optional<std::string> field = {};  // required, except for count, which takes none
};

struct AggregateGroup {
  std::vector<std::optional<Json>> key;       // the value of each field of groupBy; nullopt if it is absent
  std::vector<std::optional<Json>> measures;  // nullopt if no row has a value, or the result is beyond doubles
};

struct Aggregates {
  std::vector<AggregateGroup> groups;  // in the order of their keys
  bool more = false;                   // there are further groups
};

// A checked aggregate query, for a storage.
struct Aggregation {
  struct Part {
    Measure::Op op;
    std::optional<FieldPath> field;
  };

  std::vector<FieldPath> group_by;
  std::vector<Part> measures;
  std::int64_t limit = 50;
};

}  // namespace struere
