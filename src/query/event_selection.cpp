#include "struere/query/event_selection.hpp"

#include <algorithm>

namespace struere {

bool is_asked_for(const EventSelection& selection, const EventRecord& event) {
  return (!selection.type || event.type == *selection.type) &&
         (!selection.type_prefix || event.type.starts_with(*selection.type_prefix)) &&
         (!selection.entity || event.entity == *selection.entity) &&
         (!selection.actor_id || event.actor_id == *selection.actor_id) &&
         (!selection.since || event.created_at >= *selection.since) &&
         (!selection.until || event.created_at < *selection.until);
}

std::string masked_payload(const std::string& payload, std::span<const Mask* const> masks) {
  if (std::ranges::any_of(masks, [](const Mask* mask) { return mask->empty(); })) return payload;
  Json out = parse_canonical_json(payload);
  for (const char* const member : {"data", "changes", "previousData"}) {
    const auto found = out.find(member);
    if (found == out.end()) continue;
    // An event of a host may have any value here. Paths reach no leaf of a value that is not an object, so it is
    // removed.
    if (found->is_object())
      *found = apply_masks(masks, *found, MaskPurpose::show);
    else
      out.erase(found);
  }
  for (const char* const member : {"status", "previousStatus"}) {
    const auto found = out.find(member);
    if (found == out.end()) continue;
    if (auto shown = apply_masks(masks, FieldPath::Root::status, *found, MaskPurpose::show))
      *found = *std::move(shown);
    else
      out.erase(found);
  }
  return canonical_json(out);
}

}  // namespace struere
