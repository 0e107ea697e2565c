#include "definitions/held_fields.hpp"

#include <algorithm>

#include "definitions/each_entity.hpp"

namespace struere {
namespace {

// Whether `data` has a value at the path, or an array on the way to it. Arrays are masked whole.
bool has_field(const Json& data, const FieldPath& field) {
  const Json* at = &data;
  for (const std::string& segment : field.segments()) {
    if (at->is_array()) return true;
    if (!at->is_object()) return false;
    const auto member = at->find(segment);
    if (member == at->end()) return false;
    at = &*member;
  }
  return true;
}

bool is_stored(GuardedOperation& operation, const EntityType& type, const FieldPath& field) {
  const auto lacks = [&](const Json& data) { return !has_field(data, field); };
  return !each_entity_until(operation, type, [&](const Entity& row) { return lacks(row.data()); }) ||
         !each_event_until(operation, type, 0, [&](const EventRecord& event) {
           bool goes_on = true;
           each_data_of_payload(parse_canonical_json(event.payload),
                                [&](const Json& data) { goes_on = goes_on && lacks(data); });
           return goes_on;
         });
}

bool is_masked(const RuleBook& rules, const std::string& type, const FieldPath& field) {
  return std::ranges::any_of(rules.roles(), [&](const auto& role) {
    const auto on_type = role.second.types.find(type);
    if (on_type == role.second.types.end()) return false;
    const Mask& mask = on_type->second.mask;
    const auto has = [&](const std::vector<FieldPath>& paths) {
      return std::ranges::find(paths, field) != paths.end();
    };
    return has(mask.hidden) || (mask.visible && has(*mask.visible)) ||
           std::ranges::find(mask.redacted, field, &std::pair<FieldPath, Redaction>::first) != mask.redacted.end();
  });
}

bool was_renamed(const RuleBook& rules, const std::string& type, const FieldPath& field) {
  return std::ranges::any_of(rules.former_names(), [&](const FormerName& name) {
    const auto former = FieldPath::parse("data." + name.former);
    return name.entity_type == type && former && (former->is_prefix_of(field) || field.is_prefix_of(*former));
  });
}

}  // namespace

HeldFields held_fields(GuardedOperation& operation) {
  return [&operation](const std::string& slug, const FieldPath& field) {
    const RuleBook& rules = operation.rules();
    const EntityType* const type = rules.find_type(slug);
    return is_masked(rules, slug, field) || was_renamed(rules, slug, field) ||
           (type && is_stored(operation, *type, field));
  };
}

HeldFields any_field() {
  return [](const std::string&, const FieldPath&) { return true; };
}

HeldFields either(HeldFields one, HeldFields other) {
  return [one = std::move(one), other = std::move(other)](const std::string& type, const FieldPath& field) {
    return (one && one(type, field)) || (other && other(type, field));
  };
}

}  // namespace struere
