#include "storage/sqlite/field_keys.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "storage/sql/stored_texts.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// The size of a batch. Each batch is one transaction, and other writers wait for it.
constexpr std::int64_t rows_of_batch = 200;
constexpr std::int64_t keys_of_batch = 2000;
// Each row counts once for each key that is filled, because it is looked through for each.
constexpr std::size_t bytes_of_batch = std::size_t{4} << 20;
// The number of batches that run inside the transaction of a definition.
constexpr int batches_at_once = 5;

// Reads the number and the fields of a key from the first two columns.
FieldKey key_to_fill(const Statement& row) {
  FieldKey out{row.integer(0), {}, {}, false};
  for (const std::string& field : read_texts(row.text(1)))
    out.inner.push_back(field.substr(std::string("data.").size()));
  return out;
}

}  // namespace

Statement FieldKeyTable::scoped(std::string_view sql) {
  Statement statement = connection_.prepare(sql);
  statement.bind(1, scope_);
  return statement;
}

bool FieldKeyTable::redefine(EntityTypeKey type, const std::vector<std::vector<std::string>>& wanted) {
  std::map<std::string, std::int64_t> known;
  std::int64_t last = 0;
  {
    Statement stored = scoped("SELECT key_no, fields, state FROM field_keys WHERE scope_id = ?1 AND type_key = ?2");
    stored.bind(2, type);
    while (stored.step()) {
      last = std::max(last, stored.integer(0));
      if (stored.text(2) != "dropping") known.emplace(stored.string(1), stored.integer(0));
    }
  }
  for (const std::vector<std::string>& fields : wanted) {
    const std::string text = canonical_fields(fields);
    if (known.erase(text) > 0) continue;
    scoped("INSERT INTO field_keys(scope_id, type_key, key_no, fields, state) VALUES(?1, ?2, ?3, ?4, 'building')")
        .bind(2, type)
        .bind(3, ++last)
        .bind(4, std::string_view(text))
        .run();
  }
  for (const auto& [text, number] : known)
    scoped("UPDATE field_keys SET state = 'dropping' WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3")
        .bind(2, type)
        .bind(3, number)
        .run();
  // A small key is finished at once.
  for (int batch = 0; batch < batches_at_once; ++batch)
    if (!advance(type)) return false;
  return true;
}

void FieldKeyTable::forget_type(EntityTypeKey type) {
  for (const char* const sql : {"DELETE FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2",
                                "DELETE FROM field_keys WHERE scope_id = ?1 AND type_key = ?2"})
    scoped(sql).bind(2, type).run();
}

void FieldKeyTable::put(EntityTypeKey type, std::int64_t number, std::string_view key, std::int64_t created_at,
                        std::string_view id, std::int64_t row) {
  scoped(
      "INSERT OR IGNORE INTO entity_keys(scope_id, type_key, key_no, key, created_at, id, row_no) VALUES(?1, ?2, ?3, "
      "?4, ?5, ?6, ?7)")
      .bind(2, type)
      .bind(3, number)
      .bind_blob(4, key)
      .bind(5, created_at)
      .bind(6, id)
      .bind(7, row)
      .run();
}

void FieldKeyTable::insert(const FieldKeys& keys, const StoredEntity& entity, std::int64_t row) {
  if (entity.deleted) return;
  for (const FieldKey& key : keys)
    put(entity.type, key.number, key_of(key, entity.data), entity.created_at, entity.id, row);
}

void FieldKeyTable::remove(const FieldKeys& keys, const StoredEntity& entity) {
  for (const FieldKey& key : keys) {
    const std::string bytes = key_of(key, entity.data);
    scoped(
        "DELETE FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND key = ?4 AND created_at = "
        "?5 "
        "AND id = ?6")
        .bind(2, entity.type)
        .bind(3, key.number)
        .bind_blob(4, bytes)
        .bind(5, entity.created_at)
        .bind(6, std::string_view(entity.id))
        .run();
  }
}

void FieldKeyTable::update(const FieldKeys& keys, const StoredEntity& before, const StoredEntity& after,
                           std::int64_t row) {
  if (before.deleted) return insert(keys, after, row);
  if (after.deleted) return remove(keys, before);
  if (before.data == after.data) return;
  for (const FieldKey& key : keys) {
    if (key_of(key, before.data) == key_of(key, after.data)) continue;
    remove({key}, before);
    insert({key}, after, row);
  }
}

std::int64_t FieldKeyTable::count_faults(EntityTypeKey type) {
  FieldKeys keys;
  {
    Statement whole =
        scoped("SELECT key_no, fields FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND state = 'whole'");
    whole.bind(2, type);
    while (whole.step()) keys.push_back(key_to_fill(whole));
  }
  std::int64_t rows = 0, found = 0, out = 0;
  {
    Statement entities = scoped(
        "SELECT id, created_at, data, row_no FROM entities WHERE scope_id = ?1 AND type_key = ?2 AND deleted_at IS "
        "NULL");
    entities.bind(2, type);
    for (; entities.step(); ++rows)
      for (const FieldKey& key : keys) {
        const std::string bytes = key_of(key, entities.text(2));
        Statement one = scoped(
            "SELECT 1 FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND key = ?4 AND "
            "created_at = ?5 AND id = ?6 AND row_no = ?7");
        one.bind(2, type)
            .bind(3, key.number)
            .bind_blob(4, bytes)
            .bind(5, entities.integer(1))
            .bind(6, entities.text(0))
            .bind(7, entities.integer(3));
        if (one.step())
          ++found;
        else
          ++out;
      }
  }
  for (const FieldKey& key : keys) {
    Statement count = scoped("SELECT count(*) FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3");
    count.bind(2, type).bind(3, key.number).step();
    found -= count.integer(0);
  }
  return out - found;
}

bool FieldKeyTable::advance(EntityTypeKey type) {
  if (clear(type)) return true;
  return fill(type);
}

// Deletes a batch of a key that is no longer defined.
bool FieldKeyTable::clear(EntityTypeKey type) {
  Statement dropping =
      scoped("SELECT key_no FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND state = 'dropping' LIMIT 1");
  if (!dropping.bind(2, type).step()) return false;
  const std::int64_t number = dropping.integer(0);
  dropping.reset();
  scoped(
      "DELETE FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 AND (key, created_at, id) IN "
      "(SELECT key, created_at, id FROM entity_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3 LIMIT ?4)")
      .bind(2, type)
      .bind(3, number)
      .bind(4, keys_of_batch)
      .run();
  if (connection_.changes() < keys_of_batch)
    scoped("DELETE FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND key_no = ?3")
        .bind(2, type)
        .bind(3, number)
        .run();
  return true;
}

// Fills the newest rows first. Writes that happen meanwhile update the keys of their rows themselves, so it does not
// matter whether such a row comes before or after the current position. A row that comes twice already has its key.
bool FieldKeyTable::fill(EntityTypeKey type) {
  std::optional<std::int64_t> created_at;
  std::optional<std::string> id;
  FieldKeys keys;
  {
    Statement building = scoped(
        "SELECT key_no, fields, filled_created_at, filled_id FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND "
        "state = 'building' ORDER BY filled_created_at, filled_id");
    building.bind(2, type);
    while (building.step()) {
      if (keys.empty()) {
        created_at = building.optional_integer(2);
        id = building.optional_string(3);
      } else if (building.optional_integer(2) != created_at || building.optional_string(3) != id) {
        break;  // keys at the same position are filled together
      }
      keys.push_back(key_to_fill(building));
    }
  }
  if (keys.empty()) return false;
  std::int64_t rows = 0;
  std::size_t bytes_seen = 0;
  {
    Statement next =
        created_at ? scoped(
                         "SELECT id, created_at, data, row_no FROM entities WHERE scope_id = ?1 AND type_key = "
                         "?2 AND deleted_at IS NULL AND (created_at, id) < (?4, ?5) ORDER BY created_at DESC, id DESC "
                         "LIMIT ?3")
                   : scoped(
                         "SELECT id, created_at, data, row_no FROM entities WHERE scope_id = ?1 AND type_key = "
                         "?2 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT ?3");
    const auto place = created_at;
    const auto place_id = id;
    next.bind(2, type).bind(3, rows_of_batch);
    if (place) next.bind(4, *place).bind(5, std::string_view(*place_id));
    for (; bytes_seen < bytes_of_batch && next.step(); ++rows) {
      id = next.string(0);
      created_at = next.integer(1);
      for (const FieldKey& key : keys) {
        std::string bytes;
        try {
          bytes = key_of(key, next.text(2));
        } catch (const Error&) {  // other rows still get their keys; reading the damaged row throws
          continue;
        }
        put(type, key.number, bytes, *created_at, *id, next.integer(3));
      }
      bytes_seen += next.text(2).size() * keys.size();
    }
  }
  const bool is_whole = rows < rows_of_batch && bytes_seen < bytes_of_batch;
  for (const FieldKey& key : keys) {
    Statement update = scoped(
        "UPDATE field_keys SET state = ?4, filled_created_at = ?5, filled_id = ?6 WHERE scope_id = ?1 AND type_key = "
        "?2 "
        "AND key_no = ?3");
    update.bind(2, type).bind(3, key.number).bind(4, std::string_view(is_whole ? "whole" : "building"));
    update.bind(5, is_whole ? std::nullopt : created_at).bind(6, is_whole ? std::nullopt : id).run();
  }
  Statement rest =
      scoped("SELECT 1 FROM field_keys WHERE scope_id = ?1 AND type_key = ?2 AND state <> 'whole' LIMIT 1");
  return rest.bind(2, type).step();
}

}  // namespace struere
