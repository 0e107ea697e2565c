#include "storage/sql/relation_access.hpp"

#include <algorithm>
#include <span>

namespace struere {
namespace {

constexpr std::size_t most_paths = 64;  // SQLite limits the number of queries in one UNION

// The path that reaches every row for which the predicate is true.
const Predicate* path_to(const Predicate& predicate) {
  if (predicate.kind() == Predicate::Kind::reached) return &predicate;
  if (predicate.kind() != Predicate::Kind::all) return nullptr;
  for (const Predicate& part : predicate.parts())
    if (const Predicate* const path = path_to(part)) return path;
  return nullptr;
}

}  // namespace

std::vector<const Predicate*> paths_to(const Selection& selection) {
  if (const Predicate* const path = path_to(selection.filter)) return {path};
  std::vector<const Predicate*> out;
  for (const Grant& grant : *selection.grants) {
    const bool is_any = grant.predicate.kind() == Predicate::Kind::any;
    for (const Predicate& alternative : is_any ? std::span(grant.predicate.parts()) : std::span(&grant.predicate, 1)) {
      const Predicate* const path = path_to(alternative);
      if (!path || out.size() == most_paths) return {};
      // Several roles may have the same rule.
      if (std::ranges::none_of(out, [&](const Predicate* known) { return *known == *path; })) out.push_back(path);
    }
  }
  return out;
}

}  // namespace struere
