#include "storage/postgres/grant_view.hpp"

#include <algorithm>
#include <utility>

#include "storage/postgres/resolved_predicate.hpp"

namespace struere::postgres {

GrantView::GrantView(std::shared_ptr<const Grants> of)
    : grants(std::move(of)),
      groups(*grants),
      reader(groups),
      names_values(std::ranges::any_of(groups.predicates, is_to_resolve)) {}

std::shared_ptr<const GrantView> GrantViews::of(const std::shared_ptr<const Grants>& grants) {
  if (const auto* const known = known_.find(grants.get())) return *known;
  auto view = std::make_shared<const GrantView>(grants);
  // With several groups, the reader keeps a splicer for each combination of groups that it meets, without a bound.
  if (view->groups.single()) known_.put(grants.get(), view);
  return view;
}

}  // namespace struere::postgres
