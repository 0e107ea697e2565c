#include "definitions/three_way_merge.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace struere {
namespace {

std::optional<Json> member(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? std::nullopt : std::optional<Json>(*found);
}

// Lists whose order has no meaning, so that additions and removals of both sides can be merged. All other lists, such
// as the actions of a trigger, are one value.
bool is_unordered(const std::string& place) {
  constexpr std::array keys{"policies", "scopeRules", "fieldMasks",   "visibleFields",  "searchFields", "unique",
                            "tools",    "roles",      "deniedFields", "allowedActions", "required",     "enum"};
  const std::string key = place.substr(place.rfind('/') + 1);
  return std::ranges::find(keys, key) != keys.end();
}

bool contains(const Json& list, const Json& element) { return std::ranges::find(list, element) != list.end(); }

std::set<Json> only_in(const Json& list, const Json& other) {
  std::set<Json> out;
  for (const Json& element : list)
    if (!contains(other, element)) out.insert(element);
  return out;
}

// `nullopt` if both sides removed the same element and added different ones, because it may have been changed or
// removed.
std::optional<Json> merged_lists(const Json& base, const Json& ours, const Json& theirs) {
  const auto we_removed = only_in(base, ours), they_removed = only_in(base, theirs);
  const auto we_added = only_in(ours, base), they_added = only_in(theirs, base);
  const bool both_removed =
      std::ranges::any_of(we_removed, [&](const Json& each) { return they_removed.contains(each); });
  if (both_removed && we_added != they_added) return std::nullopt;
  Json out = Json::array();
  for (const Json& element : theirs)
    if (!we_removed.contains(element)) out.push_back(element);
  for (const Json& element : ours)
    if (we_added.contains(element) && !contains(out, element)) out.push_back(element);
  return out;
}

}  // namespace

std::optional<Json> ThreeWayMerge::merge(const std::string& place, const std::optional<Json>& base,
                                         const std::optional<Json>& ours, const std::optional<Json>& theirs) {
  if (ours == base || ours == theirs) return theirs;
  if (theirs == base) return ours;
  if (!ours || !theirs || ours->type() != theirs->type()) return decide(place, base, ours, theirs);
  const Json origin = base && base->type() == ours->type() ? *base : Json(ours->type());
  if (ours->is_object()) {
    std::set<std::string> keys;
    for (const Json* const side : {&origin, &*ours, &*theirs})
      for (const auto& [key, value] : side->items()) keys.insert(key);
    Json out = Json::object();
    for (const std::string& key : keys)
      if (auto value = merge(place + "/" + key, member(origin, key), member(*ours, key), member(*theirs, key)))
        out[key] = *std::move(value);
    return out;
  }
  if (ours->is_array() && is_unordered(place))
    if (auto merged = merged_lists(origin, *ours, *theirs)) return merged;
  return decide(place, base, ours, theirs);
}

std::optional<Json> ThreeWayMerge::decide(const std::string& place, const std::optional<Json>& base,
                                          const std::optional<Json>& ours, const std::optional<Json>& theirs) {
  places.push_back(place);
  const auto chosen = options_.choices.find(place);
  const auto side = chosen != options_.choices.end() ? std::optional(chosen->second) : options_.prefer;
  if (!side) conflicts.push_back({place, base, ours, theirs});
  return side == MergeSide::ours ? ours : theirs;
}

}  // namespace struere
