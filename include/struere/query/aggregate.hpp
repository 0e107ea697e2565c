// Counts, sums and the like over the rows of a view, by groups (SPEC 6, "aggregates").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/field_path.hpp"
#include "struere/core/json.hpp"

namespace struere {

// What is worked out for each group: of the rows, or of the values that a field has in them as filters see it. `sum`
// and `avg` look at numbers, `min` and `max` at numbers and strings.
struct Measure {
  enum class Op { count, sum, avg, min, max };

  Op op = Op::count;
  std::optional<std::string> field = {};  // of all but count, which takes none
};

struct AggregateGroup {
  std::vector<std::optional<Json>> key;       // for each field of groupBy its value; nullopt where it is absent
  std::vector<std::optional<Json>> measures;  // nullopt where no row has a value for it, or no double can hold it
};

struct Aggregates {
  std::vector<AggregateGroup> groups;  // in the order of their keys
  bool more = false;                   // there are other groups after them
};

// The question, checked: for a storage.
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
