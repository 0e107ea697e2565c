#include "struere/access/rule_book.hpp"

#include <algorithm>
#include <optional>

#include "access/rule_reader.hpp"

namespace struere {
namespace {

OwnEntity own_entity_of(const std::string& role, const std::vector<EntityType>& types) {
  OwnEntity own;
  for (const EntityType& type : types) {
    if (type.bound_to_role != role) continue;
    if (auto path = FieldPath::parse("data." + type.user_id_field))
      own.candidates.push_back({type.key, *std::move(path)});
  }
  return own;
}

// The same path under the other name of a field. A path below one name becomes a path below the other, and a path
// above one name covers the other. nullopt if the path does not overlap the name.
std::optional<FieldPath> renamed(const FieldPath& path, const FieldPath& from, const FieldPath& to) {
  if (path.is_prefix_of(from)) return to;
  if (!from.is_prefix_of(path)) return std::nullopt;
  std::string text = to.str();
  for (std::size_t i = from.segments().size(); i < path.segments().size(); ++i) text += "." + path.segments()[i];
  const auto out = FieldPath::parse(text);
  return out ? out : to;  // a path that would be too deep is cut to its parent
}

class Joining {
 public:
  Joining(const std::vector<FormerName>& names, std::string_view type) {
    for (const FormerName& name : names) {
      if (name.entity_type != type) continue;
      const auto former = FieldPath::parse("data." + name.former), present = FieldPath::parse("data." + name.present);
      if (former && present) names_.emplace_back(*former, *present);
    }
  }

  bool empty() const noexcept { return names_.empty(); }

  // The path under all its names, including its own; nullopt if there are more than `most`.
  std::optional<std::vector<FieldPath>> joined(const FieldPath& path) const {
    constexpr std::size_t most = 1000;
    std::vector<FieldPath> out{path};
    if (!path.is_data()) return out;
    for (std::size_t i = 0; i < out.size(); ++i)
      for (const auto& [former, present] : names_)
        for (const auto& other : {renamed(out[i], former, present), renamed(out[i], present, former)}) {
          if (!other || std::ranges::find(out, *other) != out.end()) continue;
          if (out.size() == most) return std::nullopt;
          out.push_back(*other);
        }
    return out;
  }

 private:
  std::vector<std::pair<FieldPath, FieldPath>> names_;
};

void hide_all(Mask& mask) { mask.visible = std::vector<FieldPath>(); }

// Extends the mask so that it covers all names that a field has had.
void join_names(Mask& mask, const Joining& joining) {
  if (joining.empty()) return;
  for (const FieldPath& path : std::vector(mask.hidden)) {
    const auto names = joining.joined(path);
    if (!names) return hide_all(mask);
    for (const FieldPath& name : *names)
      if (std::ranges::find(mask.hidden, name) == mask.hidden.end()) mask.hidden.push_back(name);
  }
  for (const auto& [path, redaction] : std::vector(mask.redacted)) {
    const auto names = joining.joined(path);
    if (!names) return hide_all(mask);
    for (const FieldPath& name : *names)
      if (std::ranges::find(mask.redacted, name, &std::pair<FieldPath, Redaction>::first) == mask.redacted.end())
        mask.redacted.emplace_back(name, redaction);
  }
}

Role read_stored_role(const RoleRecord& record, const std::vector<EntityType>& types,
                      const std::vector<FormerName>& names) {
  Role role{record.id, record.name, {}, {}};
  for (const PolicyRecord& policy : record.policies) role.policies.push_back(read_policy(policy));
  const OwnEntity own = own_entity_of(record.name, types);
  // If a part cannot be read, the role grants nothing on that type: without that rule or mask it would show more.
  const auto read_all = [&](const std::vector<TypedRecord>& records, auto&& read) {
    for (const TypedRecord& stored : records) {
      RoleOnType& on_type = role.types[stored.entity_type];
      try {
        read(parse_canonical_json(stored.json), stored.json, on_type);
      } catch (const std::exception&) {
        on_type.broken = true;
      }
    }
  };
  read_all(record.scope_rules, [&](const Json& json, const std::string& text, RoleOnType& on_type) {
    std::size_t any_number = static_cast<std::size_t>(-1);  // unlimited: an older version's roles stay valid
    on_type.rules.push_back({text, read_scope_rule(json, own, any_number)});
  });
  read_all(record.field_masks,
           [](const Json& json, const std::string&, RoleOnType& on_type) { add_field_mask(json, on_type.mask); });
  read_all(record.visible_fields,
           [](const Json& json, const std::string&, RoleOnType& on_type) { add_visible_fields(json, on_type.mask); });
  for (auto& [slug, on_type] : role.types) {
    std::vector<Predicate> parts;
    for (const RoleOnType::Rule& rule : on_type.rules) parts.push_back(rule.predicate);
    on_type.predicate = Predicate::all(std::move(parts));
    join_names(on_type.mask, Joining(names, slug));
  }
  return role;
}

}  // namespace

RuleBook::RuleBook(std::uint64_t generation, std::vector<EntityType> types, std::vector<RoleRecord> roles,
                   std::vector<FormerName> former_names)
    : generation_(generation), types_(std::move(types)), former_names_(std::move(former_names)) {
  std::ranges::sort(types_, {}, &EntityType::slug);
  for (RoleRecord& record : roles) {
    Role role = read_stored_role(record, types_, former_names_);
    roles_.emplace(std::move(record.name), std::move(role));
  }
}

void RuleBook::hide(Mask& mask, const FieldPath& field, std::string_view type) const {
  const auto names = Joining(former_names_, type).joined(field);
  if (!names) return hide_all(mask);
  mask.hidden.insert(mask.hidden.end(), names->begin(), names->end());
}

const EntityType* RuleBook::find_type(std::string_view slug) const noexcept {
  const auto found =
      std::ranges::lower_bound(types_, slug, {}, [](const EntityType& type) -> std::string_view { return type.slug; });
  return found != types_.end() && found->slug == slug ? &*found : nullptr;
}

std::vector<const Role*> RuleBook::roles_of(const ActorContext& actor) const {
  std::vector<const Role*> out;
  for (const ActorRole& held : actor.roles()) {
    const auto found = roles_.find(held.name);
    if (found != roles_.end() && found->second.id == held.id) out.push_back(&found->second);
  }
  return out;
}

std::vector<const Role*> RuleBook::roles_named(std::vector<std::string> names) const {
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::vector<const Role*> out;
  for (const std::string& name : names)
    if (const auto found = roles_.find(name); found != roles_.end()) out.push_back(&found->second);
  return out;
}

std::vector<FieldPath> RuleBook::search_fields(const EntityType& type) {
  std::vector<FieldPath> out;
  for (const std::string& field : type.search_fields)
    if (auto path = FieldPath::parse("data." + field)) out.push_back(*std::move(path));
  return out;
}

}  // namespace struere
