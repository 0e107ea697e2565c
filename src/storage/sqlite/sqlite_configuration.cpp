// Entity types, roles, assignments and keys of the scope.
#include <fmt/format.h>

#include <algorithm>

#include "storage/sqlite/selection_compiler.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/stored_api_key.hpp"
#include "struere/core/error.hpp"

namespace struere {

std::uint64_t SqliteTransaction::generation() {
  Statement statement = scoped("SELECT generation FROM scopes WHERE id = ?1");
  return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

void SqliteTransaction::count_generation() {
  has_counted_ = true;
  scoped("UPDATE scopes SET generation = generation + 1 WHERE id = ?1").run();
}

std::vector<EntityType> SqliteTransaction::entity_types() {
  Statement statement = scoped(
      "SELECT type_key, slug, name, schema, search_fields, bound_to_role, user_id_field, created_at FROM entity_types "
      "WHERE scope_id = ?1 "
      "ORDER BY slug");
  auto unique = unique_keys().all();
  std::vector<EntityType> out;
  while (statement.step()) {
    EntityType type{statement.integer(0),         statement.string(1), statement.string(2), statement.string(3), {},
                    statement.optional_string(5), statement.string(6), statement.integer(7)};
    type.search_fields = read_texts(statement.text(4));
    if (const auto keys = unique.find(type.key); keys != unique.end()) type.unique = std::move(keys->second);
    out.push_back(std::move(type));
  }
  return out;
}

void SqliteTransaction::put_entity_type(const EntityType& type) {
  const std::string search_fields = canonical_json(Json(type.search_fields));
  std::optional<EntityTypeKey> searched_otherwise;
  {
    Statement known =
        scoped("SELECT type_key FROM entity_types WHERE scope_id = ?1 AND slug = ?2 AND search_fields <> ?3");
    known.bind(2, std::string_view(type.slug)).bind(3, std::string_view(search_fields));
    if (known.step()) searched_otherwise = known.integer(0);
  }
  Statement statement = scoped(
      "INSERT INTO entity_types(scope_id, type_key, slug, name, schema, search_fields, bound_to_role, user_id_field, "
      "created_at) "
      "VALUES(?1, (SELECT coalesce(max(type_key), 0) + 1 FROM entity_types WHERE scope_id = ?1), ?2, ?3, ?4, ?5, ?6, "
      "?7, ?8) "
      "ON CONFLICT(scope_id, slug) DO UPDATE SET name = ?3, schema = ?4, search_fields = ?5, bound_to_role = ?6, "
      "user_id_field = ?7");
  statement.bind(2, std::string_view(type.slug))
      .bind(3, std::string_view(type.name))
      .bind(4, std::string_view(type.schema));
  statement.bind(5, std::string_view(search_fields))
      .bind(6, type.bound_to_role)
      .bind(7, std::string_view(type.user_id_field));
  statement.bind(8, type.created_at).run();
  unique_keys().replace(key_of(type.slug), type.unique);
  if (searched_otherwise) search_index().rebuild(*searched_otherwise);
  redefine_keys({type.slug});
  count_generation();
}

EntityTypeKey SqliteTransaction::key_of(const std::string& slug) {
  Statement statement = scoped("SELECT type_key FROM entity_types WHERE scope_id = ?1 AND slug = ?2");
  statement.bind(2, std::string_view(slug)).step();
  return statement.integer(0);
}

bool SqliteTransaction::has_entities(const EntityType& type) {
  Statement entities = scoped("SELECT 1 FROM entities WHERE scope_id = ?1 AND type_key = ?2 LIMIT 1");
  entities.bind(2, type.key);
  return entities.step();
}

void SqliteTransaction::remove_entity_type(const EntityType& type) {
  if (has_entities(type))
    throw Error(ErrorCode::conflict,
                "there are entities of this type, or deleted ones; a type stays as long as they do");
  unique_keys().forget_type(type.key);
  FieldKeyTable(*connection_, scope_).forget_type(type.key);
  keys_state_.reset();
  scoped("DELETE FROM entity_types WHERE scope_id = ?1 AND type_key = ?2").bind(2, type.key).run();
  count_generation();
}

std::vector<RoleRecord> SqliteTransaction::roles() {
  std::vector<RoleRecord> out;
  Statement roles = scoped("SELECT id, name, created_at FROM roles WHERE scope_id = ?1 ORDER BY id");
  while (roles.step()) out.push_back({RoleId(roles.string(0)), roles.string(1), {}, {}, {}, {}, roles.integer(2)});
  const auto role_of = [&](const Statement& statement) -> RoleRecord& {
    const auto found = std::ranges::lower_bound(
        out, statement.text(0), {}, [](const RoleRecord& role) -> std::string_view { return role.id.str(); });
    // Only with foreign keys off. Whatever it was a part of, it is none of another role.
    if (found == out.end() || found->id.str() != statement.text(0))
      throw Error(ErrorCode::storage, "a role is missing of which there still are parts; restore a backup");
    return *found;
  };
  Statement policies =
      scoped("SELECT role_id, resource, action, effect FROM policies WHERE scope_id = ?1 ORDER BY role_id, position");
  while (policies.step())
    role_of(policies).policies.push_back({policies.string(1), policies.string(2), policies.string(3)});
  Statement rules =
      scoped("SELECT role_id, entity_type, rule FROM scope_rules WHERE scope_id = ?1 ORDER BY role_id, position");
  while (rules.step()) role_of(rules).scope_rules.push_back({rules.string(1), rules.string(2)});
  Statement masks = scoped(
      "SELECT role_id, entity_type, definition, kind FROM field_masks WHERE scope_id = ?1 ORDER BY role_id, position");
  while (masks.step()) {
    RoleRecord& role = role_of(masks);
    (masks.text(3) == "mask" ? role.field_masks : role.visible_fields).push_back({masks.string(1), masks.string(2)});
  }
  return out;
}

std::optional<RoleId> SqliteTransaction::find_role(const std::string& name) {
  Statement statement = scoped("SELECT id FROM roles WHERE scope_id = ?1 AND name = ?2");
  statement.bind(2, std::string_view(name));
  return statement.step() ? std::optional(RoleId(statement.string(0))) : std::nullopt;
}

void SqliteTransaction::put_role(const RoleRecord& role) {
  Statement statement = scoped(
      "INSERT INTO roles(scope_id, id, name, created_at) VALUES(?1, ?2, ?3, ?4) ON CONFLICT(scope_id, id) DO UPDATE "
      "SET name = ?3");
  statement.bind(2, std::string_view(role.id.str()))
      .bind(3, std::string_view(role.name))
      .bind(4, role.created_at)
      .run();
  std::set<std::string> types = types_of_rules(role.id);
  delete_parts_of_role(role.id);
  insert_parts_of_role(role);
  // The fields that every row of a grant is compared by are what its pages are sought by.
  types.merge(types_of_rules(role.id));
  redefine_keys(types);
  count_generation();
}

std::set<std::string> SqliteTransaction::types_of_rules(const RoleId& role) {
  std::set<std::string> out;
  Statement rules = scoped("SELECT DISTINCT entity_type FROM scope_rules WHERE scope_id = ?1 AND role_id = ?2");
  rules.bind(2, std::string_view(role.str()));
  while (rules.step()) out.insert(rules.string(0));
  return out;
}

void SqliteTransaction::redefine_keys(const std::set<std::string>& slugs) {
  for (const std::string& slug : slugs)
    if (FieldKeyTable(*connection_, scope_).redefine(key_of(slug))) has_keys_to_build_ = true;
  keys_state_.reset();
}

void SqliteTransaction::insert_parts_of_role(const RoleRecord& role) {
  const std::string_view id = role.id.str();
  std::int64_t position = 0;
  Statement policy = scoped(
      "INSERT INTO policies(scope_id, role_id, position, resource, action, effect) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  for (const PolicyRecord& record : role.policies) {
    policy.bind(2, id)
        .bind(3, ++position)
        .bind(4, std::string_view(record.resource))
        .bind(5, std::string_view(record.action));
    policy.bind(6, std::string_view(record.effect)).run();
    policy.reset();
  }
  Statement rule =
      scoped("INSERT INTO scope_rules(scope_id, role_id, position, entity_type, rule) VALUES(?1, ?2, ?3, ?4, ?5)");
  for (const TypedRecord& record : role.scope_rules) {
    rule.bind(2, id)
        .bind(3, ++position)
        .bind(4, std::string_view(record.entity_type))
        .bind(5, std::string_view(record.json))
        .run();
    rule.reset();
  }
  Statement mask = scoped(
      "INSERT INTO field_masks(scope_id, role_id, position, entity_type, definition, kind) VALUES(?1, ?2, ?3, ?4, ?5, "
      "?6)");
  const auto insert_masks = [&](const std::vector<TypedRecord>& records, std::string_view kind) {
    for (const TypedRecord& record : records) {
      mask.bind(2, id)
          .bind(3, ++position)
          .bind(4, std::string_view(record.entity_type))
          .bind(5, std::string_view(record.json));
      mask.bind(6, kind).run();
      mask.reset();
    }
  };
  insert_masks(role.field_masks, "mask");
  insert_masks(role.visible_fields, "visible");
}

void SqliteTransaction::delete_parts_of_role(const RoleId& role) {
  for (const char* const sql : {"DELETE FROM policies WHERE scope_id = ?1 AND role_id = ?2",
                                "DELETE FROM scope_rules WHERE scope_id = ?1 AND role_id = ?2",
                                "DELETE FROM field_masks WHERE scope_id = ?1 AND role_id = ?2"})
    scoped(sql).bind(2, std::string_view(role.str())).run();
}

void SqliteTransaction::remove_role(const RoleId& role) {
  const std::set<std::string> types = types_of_rules(role);
  delete_parts_of_role(role);
  redefine_keys(types);
  for (const char* const sql : {"DELETE FROM role_assignments WHERE scope_id = ?1 AND role_id = ?2",
                                "DELETE FROM roles WHERE scope_id = ?1 AND id = ?2"})
    scoped(sql).bind(2, std::string_view(role.str())).run();
  count_generation();
}

bool SqliteTransaction::is_member(const UserId& user) {
  Statement statement = connection_->prepare("SELECT 1 FROM memberships WHERE organization_id = ?1 AND user_id = ?2");
  statement.bind(1, std::string_view(organization_)).bind(2, std::string_view(user.str()));
  return statement.step();
}

std::vector<Assignment> SqliteTransaction::assignments(const UserId& user) {
  Statement statement = scoped(
      "SELECT a.role_id, r.name, a.expires_at, a.granted_by, a.created_at FROM role_assignments a "
      "JOIN roles r ON r.scope_id = ?1 AND r.id = a.role_id WHERE a.scope_id = ?1 AND a.user_id = ?2 ORDER BY r.name");
  statement.bind(2, std::string_view(user.str()));
  std::vector<Assignment> out;
  while (statement.step())
    out.push_back({user, RoleId(statement.string(0)), statement.string(1), statement.optional_integer(2),
                   statement.string(3), statement.integer(4)});
  return out;
}

std::vector<UserId> SqliteTransaction::users_with_role(const RoleId& role) {
  Statement statement =
      scoped("SELECT user_id FROM role_assignments WHERE scope_id = ?1 AND role_id = ?2 ORDER BY user_id");
  statement.bind(2, std::string_view(role.str()));
  std::vector<UserId> out;
  while (statement.step()) out.push_back(UserId(statement.string(0)));
  return out;
}

void SqliteTransaction::put_assignment(const Assignment& assignment) {
  Statement statement = scoped(
      "INSERT INTO role_assignments(scope_id, user_id, role_id, expires_at, granted_by, created_at) VALUES(?1, ?2, ?3, "
      "?4, ?5, ?6) "
      "ON CONFLICT(scope_id, user_id, role_id) DO UPDATE SET expires_at = ?4, granted_by = ?5");
  statement.bind(2, std::string_view(assignment.user.str())).bind(3, std::string_view(assignment.role.str()));
  statement.bind(4, assignment.expires_at)
      .bind(5, std::string_view(assignment.granted_by))
      .bind(6, assignment.created_at)
      .run();
}

bool SqliteTransaction::remove_assignment(const UserId& user, const RoleId& role) {
  Statement statement = scoped("DELETE FROM role_assignments WHERE scope_id = ?1 AND user_id = ?2 AND role_id = ?3");
  statement.bind(2, std::string_view(user.str())).bind(3, std::string_view(role.str())).run();
  return connection_->changes() > 0;
}

std::vector<ApiKey> SqliteTransaction::api_keys() {
  Statement statement = scoped(fmt::format("{}WHERE k.scope_id = ?1 ORDER BY k.created_at, k.id", select_api_key));
  std::vector<ApiKey> out;
  while (statement.step()) out.push_back(read_api_key(statement));
  return out;
}

void SqliteTransaction::insert_api_key(const ApiKey& key, const EventHash& hash) {
  const std::string roles = canonical_json(Json(key.roles));
  Statement statement = scoped(
      "INSERT INTO api_keys(scope_id, id, hash, name, display_prefix, roles, kind, created_at, expires_at, "
      "created_by_type, created_by) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  statement.bind(2, std::string_view(key.id.str()))
      .bind_blob(3, {reinterpret_cast<const char*>(hash.data()), hash.size()});
  statement.bind(4, std::string_view(key.name))
      .bind(5, std::string_view(key.display_prefix))
      .bind(6, std::string_view(roles));
  statement.bind(7, std::string_view(key.kind == ApiKeyKind::webhook ? "webhook" : "agent"))
      .bind(8, key.created_at)
      .bind(9, key.expires_at)
      .bind(10, std::string_view(key.created_by_type))
      .bind(11, std::string_view(key.created_by))
      .run();
}

void SqliteTransaction::update_api_key(const ApiKey& key) {
  scoped("UPDATE api_keys SET expires_at = ?3, revoked_at = ?4 WHERE scope_id = ?1 AND id = ?2")
      .bind(2, std::string_view(key.id.str()))
      .bind(3, key.expires_at)
      .bind(4, key.revoked_at)
      .run();
}

}  // namespace struere
