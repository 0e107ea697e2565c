// The meaning of an Aggregation, row by row. Every storage adds the rows of its view to an Aggregator; the order of
// the rows does not change the answer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/companion.hpp"
#include "query/exact_sum.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/interpreter.hpp"

namespace STRUERE_COMPANION_API struere {

class Aggregator {
 public:
  explicit Aggregator(const Aggregation& aggregation);

  // Adds a row as a query sees it (MaskPurpose::query). Throws Error{invalid_query} if the groups grow too large.
  void add(const RowFields& view);

  // Throws Error{invalid_query} if the answer is too large.
  Aggregates finish() const;

 private:
  // For each field of groupBy: bytes that sort as the values do, and are equal if and only if the values are.
  using Key = std::vector<std::string>;
  struct Fold {
    ExactSum sum;
    std::string extreme_key;
    std::optional<Json> extreme;
  };
  struct Group {
    std::vector<std::optional<Json>> key;
    std::int64_t rows = 0;
    std::vector<Fold> folds;  // one for each measure
  };

  Group* group_of(const RowFields& view);
  void drop_last();
  void fold(const Aggregation::Part& part, const Json& value, Fold& into);
  std::optional<Json> measured(const Aggregation::Part& part, const Group& group, const Fold& fold) const;

  const Aggregation& aggregation_;
  // The first groups so far, at most one more than the limit. A dropped group never returns, because from then on
  // there are always enough groups before it.
  std::map<Key, Group> groups_;
  std::size_t key_bytes_ = 0, extreme_bytes_ = 0;
  std::optional<Key> dropped_;  // the first group that was dropped
};

}  // namespace struere
