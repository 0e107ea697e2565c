#include "struere/access/rule_book.hpp"

#include <algorithm>

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

Role read_stored_role(const RoleRecord& record, const std::vector<EntityType>& types) {
  Role role{record.id, record.name, {}, {}};
  for (const PolicyRecord& policy : record.policies) role.policies.push_back(read_policy(policy));
  const OwnEntity own = own_entity_of(record.name, types);
  // What cannot be read makes the role grant nothing on that type: leaving a rule or a mask out would show more.
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
    on_type.rules.push_back({text, read_scope_rule(json, own)});
  });
  read_all(record.field_masks,
           [](const Json& json, const std::string&, RoleOnType& on_type) { add_field_mask(json, on_type.mask); });
  read_all(record.visible_fields,
           [](const Json& json, const std::string&, RoleOnType& on_type) { add_visible_fields(json, on_type.mask); });
  for (auto& [slug, on_type] : role.types) {
    std::vector<Predicate> parts;
    for (const RoleOnType::Rule& rule : on_type.rules) parts.push_back(rule.predicate);
    on_type.predicate = Predicate::all(std::move(parts));
  }
  return role;
}

}  // namespace

RuleBook::RuleBook(std::uint64_t generation, std::vector<EntityType> types, std::vector<RoleRecord> roles)
    : generation_(generation), types_(std::move(types)) {
  std::ranges::sort(types_, {}, &EntityType::slug);
  for (const RoleRecord& record : roles) roles_.emplace(record.name, read_stored_role(record, types_));
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

std::vector<FieldPath> RuleBook::search_fields(const EntityType& type) {
  std::vector<FieldPath> out;
  for (const std::string& field : type.search_fields)
    if (auto path = FieldPath::parse("data." + field)) out.push_back(*std::move(path));
  return out;
}

}  // namespace struere
