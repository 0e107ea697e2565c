#include "storage/configuration.hpp"

#include <algorithm>
#include <set>

#include "access/indexed_fields.hpp"
#include "storage/records.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

RecordCondition of_role(const RoleId& role) { return {"role_id", {}, role.str()}; }

EntityTypeKey next_type_key(Transaction& transaction) {
  const auto last = select<EntityType>(transaction, {{}, {}, {"type_key"}, true, {}, 1});
  return last.empty() ? 1 : last.front().key + 1;
}

// The slugs of the types for which the role has rules.
std::set<std::string> types_of_rules(Transaction& transaction, const RoleId& role) {
  std::set<std::string> out;
  for (StoredScopeRule& stored : select<StoredScopeRule>(transaction, {{}, {of_role(role)}}))
    out.insert(std::move(stored.rule.entity_type));
  return out;
}

void remove_parts(Transaction& transaction, const RoleId& role) {
  for (const RecordTable table : {RecordTable::policies, RecordTable::scope_rules, RecordTable::field_masks})
    transaction.remove_records(table, {of_role(role)});
}

void insert_parts(Transaction& transaction, const RoleRecord& role) {
  std::int64_t position = 0;
  for (const PolicyRecord& policy : role.policies) insert(transaction, StoredPolicy{role.id, ++position, policy});
  for (const TypedRecord& rule : role.scope_rules) insert(transaction, StoredScopeRule{role.id, ++position, rule});
  for (const TypedRecord& mask : role.field_masks)
    insert(transaction, StoredFieldMask{role.id, ++position, FieldMaskKind::mask, mask});
  for (const TypedRecord& mask : role.visible_fields)
    insert(transaction, StoredFieldMask{role.id, ++position, FieldMaskKind::visible, mask});
}

template <class T>
std::vector<T> parts_in_order(Transaction& transaction) {
  return select<T>(transaction, {{}, {}, {"role_id", "position"}});
}

}  // namespace

// --- entity types

std::vector<EntityType> stored_entity_types(Transaction& transaction) {
  auto out = select<EntityType>(transaction, {{}, {}, {"slug"}});
  for (StoredUniqueKey& key : select<StoredUniqueKey>(transaction, {{}, {}, {"type_key", "position"}}))
    if (const auto type = std::ranges::find(out, key.type, &EntityType::key); type != out.end())
      type->unique.push_back(std::move(key.paths));
  return out;
}

std::optional<EntityType> stored_entity_type(Transaction& transaction, const std::string& slug) {
  auto type = find<EntityType>(transaction, "slug", slug);
  if (!type) return std::nullopt;
  for (StoredUniqueKey& key : select<StoredUniqueKey>(transaction, {{}, {{"type_key", {}, type->key}}, {"position"}}))
    type->unique.push_back(std::move(key.paths));
  return type;
}

void put_entity_type(Transaction& transaction, const EntityType& type) {
  const auto before = find<EntityType>(transaction, "slug", type.slug);
  EntityType stored = type;
  stored.key = before ? before->key : next_type_key(transaction);
  if (before)
    transaction.update_records(RecordTable::entity_types, {{"slug", {}, type.slug}},
                               {{"name", to_value(type.name)},
                                {"schema", to_value(type.schema)},
                                {"search_fields", to_value(type.search_fields)},
                                {"bound_to_role", to_value(type.bound_to_role)},
                                {"user_id_field", to_value(type.user_id_field)}});
  else
    insert(transaction, stored);
  transaction.set_unique_keys(stored.key, type.unique);
  if (before && before->search_fields != type.search_fields) transaction.rebuild_search(stored.key);
  define_field_keys(transaction, stored);
}

void remove_entity_type(Transaction& transaction, const EntityType& type) {
  if (transaction.has_entities(type.key))
    throw Error(ErrorCode::conflict,
                "there are entities of this type, or deleted ones; a type stays as long as they do");
  transaction.set_unique_keys(type.key, {});
  transaction.set_field_keys(type.key, {});
  transaction.remove_records(RecordTable::entity_types, {{"type_key", {}, type.key}});
}

void define_field_keys(Transaction& transaction, const EntityType& type) {
  std::vector<std::string> rules;
  for (StoredScopeRule& stored :
       select<StoredScopeRule>(transaction, {{}, {{"entity_type", {}, type.slug}}, {"role_id", "position"}}))
    rules.push_back(std::move(stored.rule.json));
  auto wanted = key_fields(type, rules);
  if (wanted.size() > most_keys_of_type) wanted.resize(most_keys_of_type);
  transaction.set_field_keys(type.key, wanted);
}

void define_field_keys(Transaction& transaction, const std::set<std::string>& slugs) {
  for (const std::string& slug : slugs) {
    if (const auto type = stored_entity_type(transaction, slug)) define_field_keys(transaction, *type);
  }
}

// --- roles

std::vector<RoleRecord> stored_roles(Transaction& transaction) {
  auto out = select<RoleRecord>(transaction, {{}, {}, {"id"}});
  const auto role_of = [&](const auto& part) -> RoleRecord& {
    const auto found = std::ranges::lower_bound(out, part.role, {}, &RoleRecord::id);
    // This happens only if foreign keys are off. The part must not be given to another role.
    if (found == out.end() || found->id != part.role)
      throw Error(ErrorCode::storage, "a role is missing of which there still are parts; restore a backup");
    return *found;
  };
  for (StoredPolicy& part : parts_in_order<StoredPolicy>(transaction))
    role_of(part).policies.push_back(std::move(part.policy));
  for (StoredScopeRule& part : parts_in_order<StoredScopeRule>(transaction))
    role_of(part).scope_rules.push_back(std::move(part.rule));
  for (StoredFieldMask& part : parts_in_order<StoredFieldMask>(transaction)) {
    RoleRecord& role = role_of(part);
    (part.kind == FieldMaskKind::mask ? role.field_masks : role.visible_fields).push_back(std::move(part.mask));
  }
  return out;
}

std::optional<RoleId> find_role(Transaction& transaction, const std::string& name) {
  auto found = find<RoleRecord>(transaction, "name", name);
  return found ? std::optional(std::move(found->id)) : std::nullopt;
}

std::set<std::string> put_role(Transaction& transaction, const RoleRecord& role) {
  if (transaction.update_records(RecordTable::roles, {{"id", {}, role.id.str()}}, {{"name", role.name}}) == 0 &&
      !insert(transaction, role))
    throw Error(ErrorCode::conflict, "another role has this name; choose another");
  std::set<std::string> types = types_of_rules(transaction, role.id);
  remove_parts(transaction, role.id);
  insert_parts(transaction, role);
  // Every row of a grant is compared by the fields of its rules, so pages are found by these fields.
  types.merge(types_of_rules(transaction, role.id));
  return types;
}

std::set<std::string> remove_role(Transaction& transaction, const RoleId& role) {
  std::set<std::string> types = types_of_rules(transaction, role);
  remove_parts(transaction, role);
  transaction.remove_records(RecordTable::role_assignments, {of_role(role)});
  transaction.remove_records(RecordTable::roles, {{"id", {}, role.str()}});
  return types;
}

}  // namespace struere
