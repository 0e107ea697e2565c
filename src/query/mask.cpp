#include "struere/query/mask.hpp"

#include <algorithm>

namespace struere {
namespace {

using Segments = std::span<const std::string>;

// Whether `path`, a path of `data`, is the path of `place` or a prefix of it.
bool at_or_above(const FieldPath& path, Segments place) {
  const auto& own = path.segments();
  return path.is_data() && own.size() <= place.size() && std::equal(own.begin(), own.end(), place.begin());
}

bool strictly_below(const FieldPath& path, Segments place) {
  const auto& own = path.segments();
  return path.is_data() && own.size() > place.size() && std::equal(place.begin(), place.end(), own.begin());
}

// SPEC 5: a path covers a leaf if it is the leaf's path or a prefix of it, or the leaf is an array and a proper prefix
// of the path.
bool covers(const FieldPath& path, Segments leaf, bool is_array) {
  return at_or_above(path, leaf) || (is_array && strictly_below(path, leaf));
}

bool lists(const Mask& mask, Segments place) {
  return !mask.visible ||
         std::ranges::any_of(*mask.visible, [&](const FieldPath& path) { return at_or_above(path, place); });
}

// How one mask treats one leaf, the most generous treatment first.
struct Treatment {
  enum Kind { clear, redact, hide } kind = hide;
  const Redaction* redaction = nullptr;
};

Treatment treat(const Mask& mask, Segments leaf, bool is_array, MaskPurpose purpose) {
  if (!lists(mask, leaf)) return {Treatment::hide};
  if (std::ranges::any_of(mask.hidden, [&](const FieldPath& path) { return covers(path, leaf, is_array); }))
    return {Treatment::hide};
  const std::pair<FieldPath, Redaction>* longest = nullptr;
  for (const auto& entry : mask.redacted) {
    if (!covers(entry.first, leaf, is_array)) continue;
    if (!longest || entry.first.segments().size() > longest->first.segments().size()) longest = &entry;
  }
  if (!longest) return {Treatment::clear};
  return purpose == MaskPurpose::query ? Treatment{Treatment::hide} : Treatment{Treatment::redact, &longest->second};
}

class Masking {
 public:
  Masking(std::span<const Mask* const> masks, MaskPurpose purpose) : masks_(masks), purpose_(purpose) {}

  Json members(const Json& object) {
    Json out = Json::object();
    for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
      place_.push_back(key);
      if (auto shown = value.is_object() && !value.empty() ? inner_object(value) : leaf(value))
        out[key] = *std::move(shown);
      place_.pop_back();
    }
    return out;
  }

 private:
  // An object whose members are all hidden is masked like one that was stored empty. Otherwise the answer would tell
  // them apart and reveal whether a hidden member exists.
  std::optional<Json> inner_object(const Json& object) {
    Json left = members(object);
    if (left.empty()) return leaf(left);
    return left;
  }

  std::optional<Json> leaf(const Json& value) {
    Treatment kindest;
    for (const Mask* mask : masks_) {
      const Treatment treatment = treat(*mask, place_, value.is_array(), purpose_);
      if (treatment.kind < kindest.kind) kindest = treatment;  // of equal ones, the first role's
    }
    if (kindest.kind == Treatment::hide) return std::nullopt;
    return kindest.kind == Treatment::clear ? value : kindest.redaction->apply(value);
  }

  std::span<const Mask* const> masks_;
  MaskPurpose purpose_;
  std::vector<std::string> place_;
};

bool is_attribute(const FieldPath& path, FieldPath::Root attribute) { return path.root() == attribute; }

bool hides_attribute(const Mask& mask, FieldPath::Root attribute) {
  return std::ranges::any_of(mask.hidden, [&](const FieldPath& path) { return is_attribute(path, attribute); });
}

const Redaction* redacts_attribute(const Mask& mask, FieldPath::Root attribute) {
  for (const auto& [path, redaction] : mask.redacted)
    if (is_attribute(path, attribute)) return &redaction;
  return nullptr;
}

}  // namespace

Json Redaction::apply(const Json& value) const {
  if (!keep_last || !value.is_string()) return replacement;
  const auto& text = value.get_ref<const std::string&>();
  const auto starts_code_point = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  const auto size = std::ranges::count_if(text, starts_code_point);
  const auto kept = size > *keep_last ? *keep_last : 0;
  std::string out(static_cast<std::size_t>(size - kept), '*');
  std::size_t from = text.size();
  for (auto left = kept; left > 0;)
    if (starts_code_point(text[--from])) --left;
  return out + text.substr(from);
}

Visibility visibility(const Mask& mask, const FieldPath& field) {
  if (!field.is_data()) {
    const bool masked = hides_attribute(mask, field.root()) || redacts_attribute(mask, field.root());
    return masked ? Visibility::gone : Visibility::clear;
  }
  const Segments place = field.segments();
  bool mixed = false;
  const auto look = [&](const FieldPath& path) {
    mixed = mixed || strictly_below(path, place);
    return at_or_above(path, place);
  };
  bool gone = false;
  for (const FieldPath& path : mask.hidden) gone = look(path) || gone;
  for (const auto& entry : mask.redacted) gone = look(entry.first) || gone;
  if (mask.visible && !lists(mask, place)) {
    const bool holds_listed =
        std::ranges::any_of(*mask.visible, [&](const FieldPath& path) { return strictly_below(path, place); });
    gone = gone || !holds_listed;
    mixed = mixed || holds_listed;
  }
  return gone ? Visibility::gone : mixed ? Visibility::mixed : Visibility::clear;
}

Json apply_masks(std::span<const Mask* const> masks, const Json& data, MaskPurpose purpose) {
  return Masking(masks, purpose).members(data);
}

std::optional<Json> apply_masks(std::span<const Mask* const> masks, FieldPath::Root attribute, const Json& value,
                                MaskPurpose purpose) {
  const Redaction* redaction = nullptr;
  for (const Mask* mask : masks) {
    if (hides_attribute(*mask, attribute)) continue;
    const Redaction* own = redacts_attribute(*mask, attribute);
    if (!own) return value;
    if (!redaction) redaction = own;
  }
  if (!redaction || purpose == MaskPurpose::query) return std::nullopt;
  return redaction->apply(value);
}

int exposure(const Mask& mask, std::span<const std::string> leaf, bool is_array) {
  const Treatment treatment = treat(mask, leaf, is_array, MaskPurpose::show);
  switch (treatment.kind) {
    case Treatment::clear: return fully_shown;
    case Treatment::redact: return 1 + treatment.redaction->keep_last.value_or(0);
    case Treatment::hide: break;
  }
  return 0;
}

int exposure(const Mask& mask, FieldPath::Root attribute) {
  if (hides_attribute(mask, attribute)) return 0;
  const Redaction* const redaction = redacts_attribute(mask, attribute);
  return redaction ? 1 + redaction->keep_last.value_or(0) : fully_shown;
}

std::vector<std::string> covering(const Mask& mask, std::span<const std::string> leaf, bool is_array) {
  std::vector<std::string> out;
  if (!lists(mask, leaf)) out.emplace_back("not in visibleFields");
  for (const FieldPath& path : mask.hidden)
    if (covers(path, leaf, is_array)) out.push_back("hide " + path.str());
  for (const auto& [path, redaction] : mask.redacted)
    if (covers(path, leaf, is_array)) out.push_back("redact " + path.str());
  return out;
}

bool masks_written_leaf(const Mask& mask, std::span<const std::string> segments) {
  const auto meets = [&](const FieldPath& path) {
    return at_or_above(path, segments) || strictly_below(path, segments);
  };
  return std::ranges::any_of(mask.hidden, meets) ||
         std::ranges::any_of(mask.redacted, [&](const auto& entry) { return meets(entry.first); }) ||
         !lists(mask, segments);
}

bool masks_written_status(const Mask& mask) {
  return hides_attribute(mask, FieldPath::Root::status) || redacts_attribute(mask, FieldPath::Root::status);
}

std::vector<std::string> masked_in_write(const Mask& mask, const Json& written, bool status_asked) {
  std::vector<std::string> out, place;
  if (mask.empty()) return out;
  if (status_asked && masks_written_status(mask)) out.emplace_back("status");
  const auto walk = [&](const auto& self, const Json& object) -> void {
    for (const auto& [key, value] : object.get_ref<const Json::object_t&>()) {
      place.push_back(key);
      if (value.is_object() && !value.empty()) {
        self(self, value);
      } else if (masks_written_leaf(mask, place)) {
        std::string path = "data";
        for (const std::string& segment : place) path.append(".").append(segment);
        out.push_back(std::move(path));
      }
      place.pop_back();
    }
  };
  walk(walk, written);
  return out;
}

}  // namespace struere
