#include "sight.hpp"

#include <algorithm>
#include <string_view>

namespace struere::proof {
namespace {

using conformance::OrderedJson;

bool is_prefix(const Path& a, const Path& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

bool is_leaf(const Json& value) { return !value.is_object() || value.empty(); }

// The path of a field such as `data.a.b`; empty for a field outside `data`.
std::vector<Path> data_path(const std::string& field) {
  if (!field.starts_with("data.")) return {};
  return {path_of(field)};
}

std::vector<std::string> code_points(const std::string& text) {
  std::vector<std::string> out;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) out.emplace_back();
    out.back().push_back(c);
  }
  return out;
}

// Whether a redaction with `keepLast` shows the same for both. False for a ref, because its id decides what is shown.
bool same_ending(const Json& a, const Json& b, std::size_t last) {
  if (!a.is_string() || !b.is_string()) return a.is_string() == b.is_string();
  if (a.get_ref<const std::string&>().starts_with('@') || b.get_ref<const std::string&>().starts_with('@'))
    return false;
  const auto one = code_points(a.get<std::string>()), other = code_points(b.get<std::string>());
  if (one.size() != other.size()) return false;
  return one.size() <= last || std::equal(one.end() - static_cast<std::ptrdiff_t>(last), one.end(),
                                          other.end() - static_cast<std::ptrdiff_t>(last));
}

}  // namespace

Sight::Sight(const OrderedJson& environment, const std::vector<std::string>& roles) {
  for (const OrderedJson& type : environment.at("entityTypes")) {
    const std::string slug = type.at("slug").get<std::string>();
    OfType& of_type = types_[slug];
    for (const OrderedJson& role : environment.at("roles"))
      if (std::ranges::find(roles, role.at("name").get<std::string>()) != roles.end())
        read_role(Json(role), of_type, slug);
    if (const auto keys = type.find("unique"); keys != type.end()) {
      of_type.has_keys = !keys->empty();
      for (const OrderedJson& key : *keys)
        for (const OrderedJson& inner : key) of_type.in_rules.push_back(split(inner.get<std::string>(), '.'));
    }
    if (type.contains("boundToRole") &&
        std::ranges::find(roles, type.at("boundToRole").get<std::string>()) != roles.end()) {
      of_type.is_bound = true;
      of_type.user_field = split(type.value("userIdField", "userId"), '.');
    }
  }
}

const Sight::OfType& Sight::of(const std::string& type) const {
  static const OfType unknown;
  const auto found = types_.find(type);
  return found == types_.end() ? unknown : found->second;
}

const Path* Sight::user_field(const std::string& type) const {
  return of(type).is_bound ? &of(type).user_field : nullptr;
}

void Sight::read_role(const Json& role, OfType& of_type, const std::string& type) {
  const auto list_of = [&](const char* name) { return role.value(name, Json::array()); };
  const Json policies = list_of("policies");
  const bool allows = std::ranges::any_of(policies, [&](const Json& policy) {
    return policy.at("effect") == "allow" && (policy.at("resource") == type || policy.at("resource") == "*");
  });
  for (const Json& rule : list_of("scopeRules"))
    if (rule.at("entityType") == type && allows) read_rule(rule, of_type);
  if (!allows) return;
  RoleMasks masks;
  for (const Json& mask : list_of("fieldMasks")) {
    if (mask.at("entityType") != type) continue;
    for (const Path& path : data_path(mask.at("fieldPath"))) {
      of_type.masked_paths.push_back(path);
      if (mask.at("maskType") == "hide")
        masks.hidden.push_back(path);
      else
        masks.redacted.push_back({path, mask.value("maskConfig", Json::object()).value("keepLast", std::size_t{0})});
    }
  }
  for (const Json& listed : list_of("visibleFields")) {
    if (listed.at("entityType") != type) continue;
    masks.lists_fields = true;
    for (const Json& field : listed.at("fields"))
      for (Path& path : data_path(field)) masks.visible.push_back(std::move(path));
  }
  of_type.roles.push_back(std::move(masks));
}

void Sight::read_rule(const Json& rule, OfType& of_type) {
  for (const char* group : {"any", "all"})
    if (rule.contains(group))
      for (const Json& part : rule.at(group)) read_rule(part, of_type);
  if (rule.contains("relationPath")) {
    of_type.has_static_rules = false;
    has_relation_rules_ = true;
  }
  if (!rule.contains("field")) return;
  const std::string field = rule.at("field");
  if (field == "status" || field == "updatedAt") of_type.mentions_status = true;
  for (Path& path : data_path(field)) of_type.in_rules.push_back(std::move(path));
  if (!rule.contains("value")) return;  // the library refuses such a rule
  const Json& value = rule.at("value");
  if (!value.is_string()) return;
  const std::string& text = value.get_ref<const std::string&>();
  if (text == "actor.entityId" || text.starts_with("actor.relatedIds:")) of_type.has_static_rules = false;
  if (text.starts_with("actor.relatedIds:")) has_relation_rules_ = true;
}

// Whether the role hides everything at or under the path, and also whether it exists.
bool Sight::hides_all(const RoleMasks& role, const Path& path) {
  const auto covers = [&](const Path& mask) { return is_prefix(mask, path); };
  if (std::ranges::any_of(role.hidden, covers)) return true;
  return role.lists_fields && std::ranges::none_of(role.visible, [&](const Path& listed) {
           return is_prefix(listed, path) || is_prefix(path, listed);
         });
}

bool Sight::covers_leaf(const RoleMasks& role, const Path& path, const Json& a, const Json& b) {
  const bool arrays = a.is_array() && b.is_array();
  const auto covers = [&](const Path& mask) { return is_prefix(mask, path) || (arrays && is_prefix(path, mask)); };
  const bool listed = !role.lists_fields ||
                      std::ranges::any_of(role.visible, [&](const Path& visible) { return is_prefix(visible, path); });
  if (!listed || std::ranges::any_of(role.hidden, covers)) return true;
  // A mask below the path covers an array but no other value there, so it would reveal which of the two is stored.
  const auto is_below = [&](const Path& mask) { return mask.size() > path.size() && is_prefix(path, mask); };
  if (a.is_array() != b.is_array() &&
      (std::ranges::any_of(role.hidden, is_below) ||
       std::ranges::any_of(role.redacted, [&](const Redaction& redaction) { return is_below(redaction.path); })))
    return false;
  bool covered = false;
  for (const Redaction& redaction : role.redacted) {
    if (!covers(redaction.path)) continue;
    if (redaction.keep_last > 0 && !same_ending(a, b, redaction.keep_last)) return false;
    covered = true;
  }
  return covered;
}

bool Sight::looks_the_same(const std::string& type, const Json& a, const Json& b, bool of_patches) const {
  return a == b ? a.dump() == b.dump() : same(of(type), {}, &a, &b, of_patches);
}

bool Sight::same(const OfType& type, const Path& path, const Json* a, const Json* b, bool of_patches) const {
  if (a && b && a->dump() == b->dump()) return true;
  if (a && b && a->is_object() && b->is_object() && !a->empty() && !b->empty()) {
    Json keys = *a;
    keys.update(*b);
    for (const auto& [key, unused] : keys.items()) {
      Path inner = path;
      inner.push_back(key);
      if (!same(type, inner, a->contains(key) ? &a->at(key) : nullptr, b->contains(key) ? &b->at(key) : nullptr,
                of_patches))
        return false;
    }
    return true;
  }
  if (path.empty()) return false;
  const auto overlaps = [&](const Path& other) { return is_prefix(path, other) || is_prefix(other, path); };
  if (std::ranges::any_of(type.in_rules, overlaps) || (type.is_bound && overlaps(type.user_field))) return false;
  if (std::ranges::all_of(type.roles, [&](const RoleMasks& role) { return hides_all(role, path); })) return true;
  if (!a || !b || !is_leaf(*a) || !is_leaf(*b)) return false;
  if (of_patches && (a->is_null() || b->is_null())) return false;
  return std::ranges::all_of(type.roles, [&](const RoleMasks& role) { return covers_leaf(role, path, *a, *b); });
}

}  // namespace struere::proof
