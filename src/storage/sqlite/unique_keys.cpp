#include "storage/sqlite/unique_keys.hpp"

#include <algorithm>

#include "core/json_scan.hpp"
#include "storage/sql/stored_texts.hpp"

namespace struere {
Statement UniqueKeys::scoped(std::string_view sql) {
  Statement statement = connection_.prepare(sql);
  statement.bind(1, scope_);
  return statement;
}

std::vector<UniqueKeys::Known> UniqueKeys::known(EntityTypeKey type) {
  std::vector<Known> out;
  Statement statement = scoped("SELECT key_no, paths FROM unique_keys WHERE scope_id = ?1 AND type_key = ?2");
  statement.bind(2, type);
  while (statement.step()) out.push_back({statement.integer(0), read_texts(statement.text(1))});
  return out;
}

// To parse all of a row's data takes ten times as long, and most of it is not of a key.
Json UniqueKeys::fields_of(const std::vector<Known>& keys, std::string_view data) {
  Json out = Json::object();
  for (const Known& key : keys)
    for (const std::string& path : key.paths) {
      const auto text = find_in_canonical(data, path);
      if (!text) continue;
      Json* at = &out;
      for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find('.', begin), path.size());
        at = &(*at)[path.substr(begin, end - begin)];
        begin = end + 1;
      }
      *at = parse_canonical_json(*text);
    }
  return out;
}

void UniqueKeys::replace(EntityTypeKey type, const std::vector<UniqueKey>& keys) {
  const auto before = known(type);
  for (const Known& key : before) {
    if (std::ranges::find(keys, key.paths) != keys.end()) continue;
    for (const char* const sql : {"DELETE FROM unique_values WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3",
                                  "DELETE FROM unique_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3"})
      scoped(sql).bind(2, type).bind(3, key.number).run();
  }
  std::int64_t position = 0;
  for (const UniqueKey& key : keys) {
    ++position;
    const auto same = std::ranges::find(before, key, &Known::paths);
    if (same == before.end())
      build(type, {declare(type, position, key), key});
    else
      scoped("UPDATE unique_keys SET position = ?4 WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3")
          .bind(2, type)
          .bind(3, same->number)
          .bind(4, position)
          .run();
  }
}

std::int64_t UniqueKeys::declare(EntityTypeKey type, std::int64_t position, const UniqueKey& key) {
  const std::string paths = canonical_json(Json(key));
  Statement insert = scoped(
      "INSERT INTO unique_keys(scope_id, type_key, key_no, position, paths) VALUES(?1, ?2, (SELECT "
      "coalesce(max(key_no), "
      "0) + 1 FROM unique_keys WHERE scope_id = ?1 AND type_key = ?2), ?3, ?4) RETURNING key_no");
  insert.bind(2, type).bind(3, position).bind(4, std::string_view(paths)).step();
  const std::int64_t number = insert.integer(0);
  insert.run();  // runs the statement to its end
  return number;
}

void UniqueKeys::build(EntityTypeKey type, const Known& key) {
  const std::vector<Known> keys{key};
  SharedValues shared(key.paths);
  Statement rows = scoped("SELECT id, data FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at IS NULL");
  rows.bind(2, type);
  while (rows.step()) {
    const Json data = fields_of(keys, rows.text(1));
    if (shared.add(data)) continue;
    if (const auto value = unique_value(key.paths, data)) put(type, key.number, *value, rows.text(0));
  }
  shared.require_none();
}

bool UniqueKeys::put(EntityTypeKey type, std::int64_t key, std::string_view value, std::string_view id) {
  scoped(
      "INSERT INTO unique_values(scope_id, type_key, key_no, value, entity_id) VALUES(?1, ?2, ?3, ?4, ?5) ON "
      "CONFLICT(scope_id, type_key, key_no, value) DO NOTHING")
      .bind(2, type)
      .bind(3, key)
      .bind(4, value)
      .bind(5, id)
      .run();
  return connection_.changes() > 0;
}

std::optional<std::string> UniqueKeys::find(EntityTypeKey type, const UniqueKey& key, const Json& data) {
  const auto keys = known(type);
  const auto found = std::ranges::find(keys, key, &Known::paths);
  const auto value = found == keys.end() ? std::nullopt : unique_value(key, data);
  if (!value) return std::nullopt;
  Statement statement = scoped(
      "SELECT entity_id FROM unique_values WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND value = ?4");
  statement.bind(2, type).bind(3, found->number).bind(4, std::string_view(*value));
  return statement.step() ? std::optional(statement.string(0)) : std::nullopt;
}

void UniqueKeys::insert(const StoredEntity& entity) {
  const auto keys = known(entity.type);
  if (keys.empty() || entity.deleted) return;
  const Json data = fields_of(keys, entity.data);
  for (const Known& key : keys)
    if (const auto value = unique_value(key.paths, data); value && !put(entity.type, key.number, *value, entity.id))
      throw_key_taken(key.paths);
}

void UniqueKeys::update(const StoredEntity& entity) {
  const auto keys = known(entity.type);
  if (keys.empty()) return;
  if (entity.deleted) return forget(entity.id);
  const Json data = fields_of(keys, entity.data);
  for (const Known& key : keys) {
    const auto value = unique_value(key.paths, data);
    scoped(
        "DELETE FROM unique_values WHERE scope_id = ?1 AND entity_id = ?2 AND type_key = ?3 AND key_no = ?4 AND value "
        "IS "
        "NOT ?5")
        .bind(2, std::string_view(entity.id))
        .bind(3, entity.type)
        .bind(4, key.number)
        .bind(5, value)
        .run();
    if (!value || put(entity.type, key.number, *value, entity.id)) continue;
    Statement holder = scoped(
        "SELECT entity_id FROM unique_values WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND value = ?4");
    holder.bind(2, entity.type).bind(3, key.number).bind(4, std::string_view(*value)).step();
    if (holder.text(0) != entity.id) throw_key_taken(key.paths);  // otherwise it is the entity's own value, unchanged
  }
}

std::int64_t UniqueKeys::count_faults(EntityTypeKey type) {
  const auto keys = known(type);
  std::int64_t missing = 0, right = 0;
  Statement rows = scoped("SELECT id, data FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at IS NULL");
  rows.bind(2, type);
  while (rows.step()) {
    const Json data = fields_of(keys, rows.text(1));
    for (const Known& key : keys) {
      const auto value = unique_value(key.paths, data);
      if (!value) continue;
      Statement holder = scoped(
          "SELECT entity_id FROM unique_values WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND value = ?4");
      holder.bind(2, type).bind(3, key.number).bind(4, std::string_view(*value));
      ++(holder.step() && holder.text(0) == rows.text(0) ? right : missing);
    }
  }
  Statement all = scoped("SELECT count(*) FROM unique_values WHERE scope_id = ?1 AND type_key = ?2");
  all.bind(2, type).step();
  return missing + all.integer(0) - right;
}

void UniqueKeys::forget(const std::string& id) {
  scoped("DELETE FROM unique_values WHERE scope_id = ?1 AND entity_id = ?2").bind(2, std::string_view(id)).run();
}

}  // namespace struere
