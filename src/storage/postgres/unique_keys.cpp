#include "storage/postgres/unique_keys.hpp"

#include <algorithm>
#include <utility>

#include "storage/postgres/entity_scan.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {

void UniqueKeys::replace(EntityTypeKey type, const std::vector<StoredKey>& before, const std::vector<UniqueKey>& keys) {
  holders_.clear();
  std::int64_t last = 0;
  for (const StoredKey& key : before) {
    last = std::max(last, key.number);
    if (std::ranges::find(keys, key.paths) != keys.end()) continue;
    for (const char* const sql :
         {"DELETE FROM struere.unique_values WHERE scope_id = $1 AND type_key = $2 AND key_no = $3",
          "DELETE FROM struere.unique_keys WHERE scope_id = $1 AND type_key = $2 AND key_no = $3"})
      connection().queue(sql, Parameters().add(scope_).add(type).add(key.number));
  }
  std::int64_t position = 0;
  for (const UniqueKey& key : keys) {
    ++position;
    const auto same = std::ranges::find(before, key, &StoredKey::paths);
    if (same != before.end()) {
      connection().queue(
          "UPDATE struere.unique_keys SET position = $4 WHERE scope_id = $1 AND type_key = $2 AND key_no = $3",
          Parameters().add(scope_).add(type).add(same->number).add(position));
      continue;
    }
    const std::string paths = canonical_json(Json(key));
    connection().queue(
        "INSERT INTO struere.unique_keys(scope_id, type_key, key_no, position, paths) VALUES($1, $2, $3, $4, $5)",
        Parameters().add(scope_).add(type).add(++last).add(position).add_text(paths));
    build(type, {last, key});
  }
}

void UniqueKeys::build(EntityTypeKey type, const StoredKey& key) {
  SharedValues shared(key.paths);
  EntityScan rows(work_, scope_, type);
  NewRows values(work_, scope_);
  while (rows.next()) {
    const StoredEntity entity = rows.entity();
    const Json data = parse_canonical_json(entity.data);
    if (shared.add(data)) continue;
    if (const auto value = unique_value(key.paths, data)) values.add_unique_value(type, key.number, *value, entity.id);
  }
  shared.require_none();
  work_.send_deferred();
}

bool UniqueKeys::put(EntityTypeKey type, std::int64_t key, std::string_view value, const std::string& id) {
  return connection()
             .run(
                 "INSERT INTO struere.unique_values(scope_id, type_key, key_no, value, entity_id) VALUES($1, $2, $3, "
                 "$4, $5) ON CONFLICT(scope_id, type_key, key_no, value) DO NOTHING",
                 Parameters().add(scope_).add(type).add(key).add_text(value).add_text(id))
             .affected() > 0;
}

std::optional<std::string> UniqueKeys::holder_of(EntityTypeKey type, std::int64_t key, std::string_view value) {
  const Result holder = connection().run(
      "SELECT entity_id FROM struere.unique_values WHERE scope_id = $1 AND type_key = $2 AND key_no = $3 AND value = "
      "$4",
      Parameters().add(scope_).add(type).add(key).add_text(value));
  return holder.rows() > 0 ? std::optional(std::string(holder.bytes(0, 0))) : std::nullopt;
}

std::optional<std::string> UniqueKeys::find(EntityTypeKey type, const std::vector<StoredKey>& known,
                                            const UniqueKey& key, const Json& data) {
  const auto found = std::ranges::find(known, key, &StoredKey::paths);
  const auto value = found == known.end() ? std::nullopt : unique_value(key, data);
  if (!value) return std::nullopt;
  const auto expected = holders_.find({type, found->number, *value});
  return expected == holders_.end() ? holder_of(type, found->number, *value) : expected->second;
}

UniqueKeys::Question UniqueKeys::ask(EntityTypeKey type, const std::vector<StoredKey>& keys,
                                     const std::vector<const Json*>& data) {
  Question out{type, {}, {}};
  for (const StoredKey& key : keys) {
    std::vector<std::string> values;
    for (const Json* const one : data) try {
        if (auto value = unique_value(key.paths, *one); value && is_storable(*value))
          values.push_back(*std::move(value));
      } catch (const Error&) {  // what cannot be stored; whoever inserts it is told
      }
    if (values.empty()) continue;
    out.answers.emplace_back(
        key.number, connection().queue("SELECT value, entity_id FROM struere.unique_values WHERE scope_id = $1 AND "
                                       "type_key = $2 AND key_no = $3 AND value = ANY($4)",
                                       Parameters().add(scope_).add(type).add(key.number).add_texts(values)));
    for (std::string& value : values) out.values.emplace_back(key.number, std::move(value));
  }
  return out;
}

void UniqueKeys::learn(const Question& question) {
  holders_.clear();
  for (const auto& [key, value] : question.values) holders_.emplace(Place{question.type, key, value}, std::nullopt);
  for (const auto& [key, ticket] : question.answers) {
    const Result taken = connection().take(ticket);
    for (int row = 0; row < taken.rows(); ++row)
      holders_[{question.type, key, std::string(taken.bytes(row, 0))}] = std::string(taken.bytes(row, 1));
  }
}

void UniqueKeys::expect(EntityTypeKey type, const std::vector<StoredKey>& keys, const std::vector<const Json*>& data) {
  const Question question = ask(type, keys, data);
  if (!question.answers.empty()) connection().finish();
  learn(question);
}

void UniqueKeys::insert(const std::vector<StoredKey>& keys, const StoredEntity& entity, NewRows& rows) {
  if (keys.empty() || entity.deleted) return;
  const Json data = parse_canonical_json(entity.data);
  for (const StoredKey& key : keys) {
    const auto value = unique_value(key.paths, data);
    if (!value) continue;
    const auto expected = holders_.find({entity.type, key.number, *value});
    if (expected == holders_.end()) {
      if (!put(entity.type, key.number, *value, entity.id)) throw_key_taken(key.paths);
    } else {
      if (expected->second) throw_key_taken(key.paths);
      expected->second = entity.id;
      rows.add_unique_value(entity.type, key.number, *value, entity.id);
    }
  }
}

void UniqueKeys::update(const std::vector<StoredKey>& keys, const StoredEntity& before, const StoredEntity& after) {
  holders_.clear();
  if (keys.empty()) return;
  if (after.deleted) return forget(after.id);
  const Json data = parse_canonical_json(after.data);
  const Json old = before.deleted ? Json() : parse_canonical_json(before.data);
  for (const StoredKey& key : keys) {
    const auto value = unique_value(key.paths, data);
    if (!before.deleted && value == unique_value(key.paths, old)) continue;
    connection().queue(
        "DELETE FROM struere.unique_values WHERE scope_id = $1 AND entity_id = $2 AND type_key = $3 AND key_no = $4",
        Parameters().add(scope_).add_text(after.id).add(after.type).add(key.number));
    if (value && !put(after.type, key.number, *value, after.id)) throw_key_taken(key.paths);
  }
}

std::int64_t UniqueKeys::count_faults(EntityTypeKey type, const std::vector<StoredKey>& keys) {
  if (keys.empty()) return 0;
  std::int64_t missing = 0, right = 0;
  EntityScan rows(work_, scope_, type);
  while (rows.next()) {
    const StoredEntity entity = rows.entity();
    Json data;
    try {
      data = parse_canonical_json(entity.data);
    } catch (const Error& error) {  // a damaged row takes part in no key
      if (error.is_transient()) throw;
    }
    for (const StoredKey& key : keys)
      if (const auto value = unique_value(key.paths, data))
        ++(holder_of(type, key.number, *value) == entity.id ? right : missing);
  }
  const Result all =
      connection().run("SELECT count(*) FROM struere.unique_values WHERE scope_id = $1 AND type_key = $2",
                       Parameters().add(scope_).add(type));
  return missing + all.integer(0, 0) - right;
}

void UniqueKeys::forget(const std::string& id) {
  holders_.clear();
  connection().queue("DELETE FROM struere.unique_values WHERE scope_id = $1 AND entity_id = $2",
                     Parameters().add(scope_).add_text(id));
}

}  // namespace struere::postgres
