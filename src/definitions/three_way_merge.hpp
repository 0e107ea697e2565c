// Merges two changes of one definition. If both changed the same value, it reports a conflict and does not guess.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/definitions/packs.hpp"

namespace struere {

class ThreeWayMerge {
 public:
  explicit ThreeWayMerge(const PackOptions& options) : options_(options) {}

  // `nullopt` stands for a missing value. If a conflict remains, the result is `theirs` and must not be used.
  std::optional<Json> merge(const std::string& place, const std::optional<Json>& base, const std::optional<Json>& ours,
                            const std::optional<Json>& theirs);

  std::vector<MergeConflict> conflicts;
  std::vector<std::string> places;  // of all conflicts, the decided ones included

 private:
  std::optional<Json> decide(const std::string& place, const std::optional<Json>& base, const std::optional<Json>& ours,
                             const std::optional<Json>& theirs);

  const PackOptions& options_;
};

}  // namespace struere
