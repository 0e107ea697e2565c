// Of two changes of one definition, both; where both changed the same thing, nothing is guessed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/definitions/packs.hpp"

namespace struere {

class ThreeWayMerge {
 public:
  explicit ThreeWayMerge(const PackOptions& options) : options_(options) {}

  // Nothing stands for what is not there. Where a conflict stays, the answer is `theirs`, and not to be used.
  std::optional<Json> merge(const std::string& place, const std::optional<Json>& base, const std::optional<Json>& ours,
                            const std::optional<Json>& theirs);

  std::vector<MergeConflict> conflicts;

 private:
  std::optional<Json> decide(const std::string& place, const std::optional<Json>& base, const std::optional<Json>& ours,
                             const std::optional<Json>& theirs);

  const PackOptions& options_;
};

}  // namespace struere
