#include "storage/postgres/field_key_table.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include "storage/postgres/entity_scan.hpp"
#include "storage/postgres/scoped_insert.hpp"
#include "storage/sql/stored_texts.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

// Of one transaction: what a writer of the scope beside it waits for.
constexpr std::int64_t rows_to_fill = 500;
constexpr std::int64_t keys_of_batch = 5000;
// Of a definition, in its own transaction.
constexpr int batches_at_once = 4;

}  // namespace

void FieldKeyTable::redefine(EntityTypeKey type, const std::vector<std::vector<std::string>>& wanted) {
  std::map<std::string, std::int64_t> known;
  std::int64_t last = 0;
  const Result stored =
      connection().run("SELECT key_no, fields, state FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2",
                       Parameters().add(scope_).add(type));
  for (int row = 0; row < stored.rows(); ++row) {
    last = std::max(last, stored.integer(row, 0));
    if (stored.bytes(row, 2) != "dropping") known.emplace(stored.bytes(row, 1), stored.integer(row, 0));
  }
  for (const std::vector<std::string>& fields : wanted) {
    const std::string text = canonical_json(Json(fields));
    if (known.erase(text) > 0) continue;
    connection().queue(
        "INSERT INTO struere.field_keys(scope_id, type_key, key_no, fields, state) VALUES($1, $2, $3, $4, 'building')",
        Parameters().add(scope_).add(type).add(++last).add_text(text));
  }
  for (const auto& [text, number] : known)
    connection().queue(
        "UPDATE struere.field_keys SET state = 'dropping' WHERE scope_id = $1 AND type_key = $2 AND key_no = $3",
        Parameters().add(scope_).add(type).add(number));
  // What is little is done at once.
  for (int batch = 0; batch < batches_at_once; ++batch)
    if (!advance(type)) return;
  connection().queue("INSERT INTO struere.unfinished_scopes(scope_id) VALUES($1) ON CONFLICT DO NOTHING",
                     Parameters().add(scope_));
}

void FieldKeyTable::forget_type(EntityTypeKey type) {
  for (const char* const sql : {"DELETE FROM struere.entity_keys WHERE scope_id = $1 AND type_key = $2",
                                "DELETE FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2"})
    connection().queue(sql, Parameters().add(scope_).add(type));
}

void FieldKeyTable::insert(const FieldKeys& keys, const StoredEntity& entity) {
  if (entity.deleted || keys.empty()) return;
  std::vector<std::int64_t> numbers;
  std::vector<std::string> values;
  for (const FieldKey& key : keys) {
    numbers.push_back(key.number);
    values.push_back(key_of(key, entity.data));
  }
  static const ScopedInsert insert("entity_keys", "type_key, key_no, key, created_at, id",
                                   "$2::bigint, u.key_no, u.key, $3::bigint, $4::text",
                                   "unnest($5::bigint[], $6::bytea[]) AS u(key_no, key)", ScopedInsert::or_ignore);
  connection().queue(insert.text(connection()), Parameters()
                                                    .add(scope_)
                                                    .add(entity.type)
                                                    .add(entity.created_at)
                                                    .add_text(entity.id)
                                                    .add_integers(numbers)
                                                    .add_list_of_bytes(values));
}

void FieldKeyTable::remove(const FieldKeys& keys, const StoredEntity& entity) {
  for (const FieldKey& key : keys) {
    const std::string bytes = key_of(key, entity.data);
    connection().queue(
        "DELETE FROM struere.entity_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3 AND key = $4 AND "
        "created_at = $5 AND id = $6",
        Parameters()
            .add(scope_)
            .add(entity.type)
            .add(key.number)
            .add_bytes(bytes)
            .add(entity.created_at)
            .add_text(entity.id));
  }
}

void FieldKeyTable::update(const FieldKeys& keys, const StoredEntity& before, const StoredEntity& after) {
  if (before.deleted) return insert(keys, after);
  if (after.deleted) return remove(keys, before);
  if (before.data == after.data) return;
  FieldKeys changed;
  for (const FieldKey& key : keys)
    if (key_of(key, before.data) != key_of(key, after.data)) changed.push_back(key);
  remove(changed, before);
  insert(changed, after);
}

std::int64_t FieldKeyTable::count_faults(EntityTypeKey type) {
  const TypeKeys all = read_type_keys(work_, scope_, type);
  FieldKeys keys;
  std::ranges::copy_if(all.fields, std::back_inserter(keys), &FieldKey::is_whole);
  std::int64_t found = 0, out = 0;
  EntityScan scan(work_, scope_, type);
  while (scan.next()) {
    const StoredEntity entity = scan.entity();
    for (const FieldKey& key : keys) {
      const std::string bytes = key_of(key, entity.data);
      const Result one = connection().run(
          "SELECT 1 FROM struere.entity_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3 AND key = $4 AND "
          "created_at = $5 AND id = $6",
          Parameters()
              .add(scope_)
              .add(type)
              .add(key.number)
              .add_bytes(bytes)
              .add(entity.created_at)
              .add_text(entity.id));
      ++(one.rows() > 0 ? found : out);
    }
  }
  for (const FieldKey& key : keys)
    found -= connection()
                 .run("SELECT count(*) FROM struere.entity_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3",
                      Parameters().add(scope_).add(type).add(key.number))
                 .integer(0, 0);
  return out - found;
}

std::optional<EntityTypeKey> FieldKeyTable::unfinished() {
  const Result types =
      connection().run("SELECT type_key FROM struere.field_keys WHERE scope_id = $1 AND state <> 'whole' LIMIT 1",
                       Parameters().add(scope_));
  return types.rows() > 0 ? std::optional(types.integer(0, 0)) : std::nullopt;
}

bool FieldKeyTable::advance(EntityTypeKey type) {
  if (clear(type)) return true;
  return fill(type);
}

// Of a key that nobody wants any more.
bool FieldKeyTable::clear(EntityTypeKey type) {
  const Result dropping = connection().run(
      "SELECT key_no FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2 AND state = 'dropping' LIMIT 1",
      Parameters().add(scope_).add(type));
  if (dropping.rows() == 0) return false;
  const std::int64_t number = dropping.integer(0, 0);
  const std::int64_t removed =
      connection()
          .run(
              "DELETE FROM struere.entity_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3 AND (key, "
              "created_at, id) IN (SELECT key, created_at, id FROM struere.entity_keys WHERE scope_id = $1 AND "
              "type_key = $2 AND key_no = $3 LIMIT $4)",
              Parameters().add(scope_).add(type).add(number).add(keys_of_batch))
          .affected();
  if (removed < keys_of_batch)
    connection().queue("DELETE FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3",
                       Parameters().add(scope_).add(type).add(number));
  return true;
}

// Newest rows first. What is written meanwhile keeps its keys up by itself, so that it does not matter on which side of
// the place it is; a row that comes twice has its key already.
bool FieldKeyTable::fill(EntityTypeKey type) {
  const Result building = connection().run(
      "SELECT key_no, fields, filled_created_at, filled_id FROM struere.field_keys WHERE scope_id = $1 AND type_key = "
      "$2 AND state = 'building' ORDER BY filled_created_at NULLS FIRST, filled_id",
      Parameters().add(scope_).add(type));
  if (building.rows() == 0) return false;
  FieldKeys keys;
  std::optional<std::pair<std::int64_t, std::string>> place;
  for (int row = 0; row < building.rows(); ++row) {
    std::optional<std::pair<std::int64_t, std::string>> own;
    if (!building.is_null(row, 2)) own.emplace(building.integer(row, 2), building.bytes(row, 3));
    if (row > 0 && own != place) break;  // those that are as far are filled together
    place = own;
    keys.push_back(parse_field_key(building.integer(row, 0), building.bytes(row, 1), false));
  }
  EntityScan scan(work_, scope_, type, place, rows_to_fill);
  std::int64_t rows = 0;
  for (; rows < rows_to_fill && scan.next(); ++rows) {
    const StoredEntity entity = scan.entity();
    place.emplace(entity.created_at, entity.id);
    try {
      insert(keys, entity);
    } catch (const Error& error) {  // a damaged row is no reason to keep the others out; whoever reads it is told
      if (error.is_transient()) throw;
    }
  }
  const bool is_whole = rows < rows_to_fill;
  for (const FieldKey& key : keys) {
    Parameters changes = Parameters().add(scope_).add(type).add(key.number).add_text(is_whole ? "whole" : "building");
    if (is_whole)
      changes.add_null().add_null();
    else
      changes.add(place->first).add_text(place->second);
    connection().queue(
        "UPDATE struere.field_keys SET state = $4, filled_created_at = $5, filled_id = $6 WHERE scope_id = $1 AND "
        "type_key = $2 AND key_no = $3",
        changes);
  }
  return connection()
             .run("SELECT 1 FROM struere.field_keys WHERE scope_id = $1 AND type_key = $2 AND state <> 'whole' LIMIT 1",
                  Parameters().add(scope_).add(type))
             .rows() > 0;
}

}  // namespace struere::postgres
