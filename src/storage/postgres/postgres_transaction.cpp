#include "storage/postgres/postgres_transaction.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include "storage/postgres/field_key_table.hpp"
#include "storage/postgres/word_table.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

// Statements that wait in memory at most.
constexpr std::size_t most_queued = 256;

}  // namespace

PostgresTransaction::PostgresTransaction(std::shared_ptr<Work> work, std::int64_t scope,
                                         const std::string& organization, TypeKeyCache& known_keys, bool is_part,
                                         std::function<void()> after_commit, const FirstLookups& first)
    : work_(std::move(work)),
      scope_(scope),
      owner_{scope, organization},
      known_keys_(known_keys),
      is_part_(is_part),
      after_commit_(std::move(after_commit)),
      head_(*work_, scope),
      unique_keys_(*work_, scope),
      expected_(*work_, scope) {
  if (!work_->is_write()) return;
  new_rows_.emplace(*work_, scope);
  lock_head(first);
}

// Each statement of a write sees what was committed before it: what is read is as the lock's last holder left it.
void PostgresTransaction::lock_head(const FirstLookups& first) {
  const std::string id(first.entity);
  const auto known = first.data ? known_keys_.find(scope_, first.type) : std::nullopt;
  const Connection::Ticket head = head_.queue_lock();
  std::optional<Connection::Ticket> entity;
  if (!id.empty() && is_storable(id)) entity = queue_entity(id);
  UniqueKeys::Question unique;
  if (known) unique = unique_keys_.ask(first.type, known->keys->unique, {first.data});
  Connection& connection = this->connection();
  connection.finish();
  head_.take_lock(connection.take(head));
  if (entity) keep_entity(connection.take(*entity), id);
  if (known && known->generation == head_.generation()) unique_keys_.learn(unique);
}

void PostgresTransaction::commit() {
  if (is_part_) throw std::logic_error("a part of a joint transaction was committed");
  before_commit();
  work_->commit();
  after_commit();
}

// What scopes_with_due_runs() looks at goes with what it tells of.
void PostgresTransaction::before_commit() {
  head_.save();
  if (!std::exchange(has_changed_runs_, false)) return;
  const Parameters scope = Parameters().add(scope_);
  connection().queue(
      "INSERT INTO struere.due_scopes(scope_id, due_at) SELECT scope_id, min(due_at) FROM struere.trigger_runs WHERE "
      "scope_id = $1 AND status IN ('pending', 'running') GROUP BY scope_id ON CONFLICT(scope_id) DO UPDATE SET due_at "
      "= excluded.due_at",
      scope);
  connection().queue(
      "DELETE FROM struere.due_scopes WHERE scope_id = $1 AND NOT EXISTS(SELECT 1 FROM struere.trigger_runs WHERE "
      "scope_id = $1 AND status IN ('pending', 'running'))",
      scope);
}

void PostgresTransaction::after_commit() noexcept {
  if (has_keys_to_build_ && after_commit_) after_commit_();
}

void PostgresTransaction::relieve() {
  Connection& own = connection();
  if (own.queued() >= most_queued) own.finish();
}

std::uint64_t PostgresTransaction::generation() {
  has_told_generation_ = true;
  return head_.generation();
}

// Several changes in a row are one, unless somebody compiled what lies between them.
void PostgresTransaction::count_generation() {
  changed_keys_.clear();
  if (!std::exchange(has_told_generation_, false)) return;
  has_counted_ = true;
  head_.count_generation();
}

std::shared_ptr<const TypeKeys> PostgresTransaction::keys_of(EntityTypeKey type) {
  if (has_counted_) {  // what is not committed is known to nobody else
    auto& own = changed_keys_[type];
    if (!own) own = std::make_shared<const TypeKeys>(read_type_keys(*work_, scope_, type));
    return own;
  }
  const std::uint64_t now = head_.generation();
  if (const auto known = known_keys_.find(scope_, type); known && known->generation == now) return known->keys;
  auto fresh = std::make_shared<const TypeKeys>(read_type_keys(*work_, scope_, type));
  known_keys_.put(scope_, type, now, fresh);
  return fresh;
}

void PostgresTransaction::set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) {
  const auto before = keys_of(type);
  unique_keys_.replace(type, before->unique, keys);
  count_generation();
}

void PostgresTransaction::set_field_keys(EntityTypeKey type, const std::vector<std::vector<std::string>>& keys) {
  FieldKeyTable table(*work_, scope_);
  if (keys.empty() && !has_entities(type)) {
    table.forget_type(type);
  } else {
    table.redefine(type, keys);
    has_keys_to_build_ = has_keys_to_build_ || table.unfinished().has_value();
  }
  count_generation();  // what is known of the type goes by it
}

void PostgresTransaction::rebuild_search(EntityTypeKey type) {
  count_generation();
  WordTable(*work_, scope_).rebuild(type, keys_of(type)->search);
}

bool PostgresTransaction::has_entities(EntityTypeKey type) {
  return connection()
             .run("SELECT 1 FROM struere.entities WHERE scope_id = $1 AND type_key = $2 LIMIT 1",
                  Parameters().add(scope_).add(type))
             .rows() > 0;
}

// --- records

void PostgresTransaction::note_change(RecordTable table) {
  has_changed_runs_ = has_changed_runs_ || table == RecordTable::trigger_runs;
  if (shape_of(table).configuration) count_generation();
}

bool PostgresTransaction::insert_record(RecordTable table, const Record& record) {
  const bool inserted = records().insert(table, record);
  note_change(table);
  return inserted;
}

std::int64_t PostgresTransaction::update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                                 const RecordChanges& changes) {
  const std::int64_t changed = records().update(table, where, changes);
  note_change(table);
  return changed;
}

std::int64_t PostgresTransaction::remove_records(RecordTable table, const std::vector<RecordCondition>& where) {
  const std::int64_t removed = records().remove(table, where);
  note_change(table);
  return removed;
}

std::vector<Record> PostgresTransaction::select_records(const RecordSelection& selection) {
  return records().select(selection);
}

std::vector<RecordGroup> PostgresTransaction::sum_records(const RecordRollup& rollup) { return records().sum(rollup); }

// --- entities

Connection::Ticket PostgresTransaction::queue_entity(const std::string& id) {
  return connection().queue(
      "SELECT type_key, data, status, created_at, updated_at, version, deleted_at IS NOT NULL FROM struere.entities "
      "WHERE scope_id = $1 AND id = $2",
      Parameters().add(scope_).add_text(id));
}

void PostgresTransaction::keep_entity(const Result& row, const std::string& id) {
  if (row.rows() > 0) last_found_ = entity_of(row, 0, id, 0);
}

std::optional<StoredEntity> PostgresTransaction::find_entity(const std::string& id) {
  if (last_found_ && last_found_->id == id) return last_found_;
  if (const auto* const expected = expected_.find(id)) return *expected;
  if (!is_storable(id)) return std::nullopt;
  const Connection::Ticket ticket = queue_entity(id);
  Connection& connection = this->connection();
  connection.finish();
  const Result row = connection.take(ticket);
  if (row.rows() == 0) return std::nullopt;
  keep_entity(row, id);
  return last_found_;
}

std::optional<std::string> PostgresTransaction::find_by_key(EntityTypeKey type, const UniqueKey& key,
                                                            const Json& data) {
  return unique_keys_.find(type, keys_of(type)->unique, key, data);
}

void PostgresTransaction::expect_entities(EntityTypeKey type, const std::vector<const Json*>& data) {
  unique_keys_.expect(type, keys_of(type)->unique, data);
}

void PostgresTransaction::expect_lookups(const std::vector<std::string>& ids) {
  if (work_->is_write()) expected_.expect(ids);
}

void PostgresTransaction::insert_entity(const StoredEntity& entity) {
  expected_.forget(entity.id);
  const auto keys = keys_of(entity.type);
  new_rows_.value().add(entity, *keys);
  unique_keys_.insert(keys->unique, entity, *new_rows_);
}

void PostgresTransaction::update_entity(const StoredEntity& entity) {
  const auto keys = keys_of(entity.type);
  const auto before = keys->fields.empty() && keys->unique.empty() ? std::nullopt : find_entity(entity.id);
  last_found_.reset();
  expected_.forget(entity.id);
  relieve();
  connection().queue(
      "UPDATE struere.entities SET data = $3, status = $4, updated_at = $5, version = $6, deleted_at = $7 WHERE "
      "scope_id = $1 AND id = $2",
      Parameters()
          .add(scope_)
          .add_text(entity.id)
          .add_text(entity.data)
          .add_text(entity.status)
          .add(entity.updated_at)
          .add(entity.version)
          .add(entity.deleted ? std::optional(entity.updated_at) : std::nullopt));
  if (before) FieldKeyTable(*work_, scope_).update(keys->fields, *before, entity);
  WordTable(*work_, scope_).update(keys->search, entity);
  if (before) unique_keys_.update(keys->unique, *before, entity);
}

void PostgresTransaction::purge_entity(const std::string& id) {
  const auto row = find_entity(id);
  last_found_.reset();
  expected_.forget(id);
  if (!row) return;
  WordTable(*work_, scope_).remove(id);
  unique_keys_.forget(id);
  if (!row->deleted) FieldKeyTable(*work_, scope_).remove(keys_of(row->type)->fields, *row);
  for (const char* const sql :
       {"UPDATE struere.events SET purged_entity_id = entity_id, entity_id = NULL WHERE scope_id = $1 AND entity_id = "
        "$2",
        "UPDATE struere.events SET purged_other_end_id = other_end_id, other_end_id = NULL WHERE scope_id = $1 AND "
        "other_end_id = $2",
        "DELETE FROM struere.entity_relations WHERE scope_id = $1 AND from_id = $2",
        "DELETE FROM struere.entity_relations WHERE scope_id = $1 AND to_id = $2"})
    connection().queue(sql, Parameters().add(scope_).add_text(id));
  remove_records(RecordTable::trigger_runs, {{"entity_id", {}, id}});
  connection().run("DELETE FROM struere.entities WHERE scope_id = $1 AND id = $2",
                   Parameters().add(scope_).add_text(id));
}

std::int64_t PostgresTransaction::count_ends(const std::string& id, std::int64_t most) {
  return connection()
      .run(
          "SELECT count(*) FROM (SELECT 1 FROM struere.entity_relations WHERE scope_id = $1 AND from_id = $2 UNION ALL "
          "SELECT 1 FROM struere.entity_relations WHERE scope_id = $1 AND to_id = $2 UNION ALL "
          "SELECT 1 FROM struere.events WHERE scope_id = $1 AND other_end_id = $2 LIMIT $3::bigint) ends",
          Parameters().add(scope_).add_text(id).add(most))
      .integer(0, 0);
}

bool PostgresTransaction::link(const std::string& from, const std::string& relation, const std::string& to) {
  return connection()
             .run(
                 "INSERT INTO struere.entity_relations(scope_id, from_id, type, to_id) VALUES($1, $2, $3, $4) ON "
                 "CONFLICT DO NOTHING",
                 Parameters().add(scope_).add_text(from).add_text(relation).add_text(to))
             .affected() > 0;
}

bool PostgresTransaction::unlink(const std::string& from, const std::string& relation, const std::string& to) {
  return connection()
             .run(
                 "DELETE FROM struere.entity_relations WHERE scope_id = $1 AND from_id = $2 AND type = $3 AND to_id = "
                 "$4",
                 Parameters().add(scope_).add_text(from).add_text(relation).add_text(to))
             .affected() > 0;
}

// --- the database's tables

bool PostgresDatabaseTransaction::insert_record(RecordTable table, const Record& record) {
  if (!records().insert(table, record)) return false;
  if (table != RecordTable::organizations) return true;
  const std::string& id = std::get<std::string>(record.at(column_of(shape_of(table), "id")));
  Connection& connection = work_->anywhere();
  // Numbers are given in order. Of two organizations that are made at once, one is made again.
  const Result scopes = connection.run(
      "INSERT INTO struere.scopes(id, organization_id, environment) SELECT (SELECT coalesce(max(id), 0) FROM "
      "struere.scopes) + e.number, $1::text, e.name FROM (VALUES (1, 'development'), (2, 'production')) AS e(number, "
      "name) ON CONFLICT DO NOTHING RETURNING id",
      Parameters().add_text(id));
  if (scopes.rows() != 2)
    throw Error(ErrorCode::storage,
                "two organizations were created at the same time, and this one was undone; try again")
        .retryable();
  const std::array<unsigned char, 32> zeros{};
  const std::string_view no_hash(reinterpret_cast<const char*>(zeros.data()), zeros.size());
  for (int row = 0; row < 2; ++row) {
    const std::int64_t scope = scopes.integer(row, 0);
    work_->in_new(scope, id).run(
        "INSERT INTO struere.scope_heads(scope_id, event_hash, log_start_hash, generation) VALUES($1, $2, $2, $3)",
        Parameters().add(scope).add_bytes(no_hash).add(generation_step()));
  }
  return true;
}

std::int64_t PostgresDatabaseTransaction::update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                                         const RecordChanges& changes) {
  return records().update(table, where, changes);
}

std::int64_t PostgresDatabaseTransaction::remove_records(RecordTable table, const std::vector<RecordCondition>& where) {
  return records().remove(table, where);
}

std::vector<Record> PostgresDatabaseTransaction::select_records(const RecordSelection& selection) {
  return records().select(selection);
}

std::vector<RecordGroup> PostgresDatabaseTransaction::sum_records(const RecordRollup& rollup) {
  return records().sum(rollup);
}

}  // namespace struere::postgres
