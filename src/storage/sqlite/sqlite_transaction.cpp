#include "storage/sqlite/sqlite_transaction.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include "struere/core/error.hpp"

namespace struere {

namespace {

void end_read(Connection& connection) {
  // After some failures SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(connection.handle()) != 0) return;
  try {
    connection.prepare("ROLLBACK").run();  // a kept statement, because every reader ends with it
  } catch (const std::exception&) {        // it ends when the connection is returned or closed
  }
}

}  // namespace

SqliteTransaction::SqliteTransaction(ConnectionLease reader, std::int64_t scope, const std::string& organization)
    : reader_(std::move(reader)), connection_(reader_.get()), scope_(scope), owner_{scope, organization} {
  connection_->prepare("BEGIN").run();
}

SqliteTransaction::SqliteTransaction(WriteTurn writer, std::int64_t scope, const std::string& organization,
                                     std::function<void()> after_commit, bool fills)
    : writer_(std::move(writer)),
      connection_(&writer_->connection()),
      scope_(scope),
      owner_{scope, organization},
      after_commit_(std::move(after_commit)),
      fills_(fills) {}

SqliteTransaction::~SqliteTransaction() {
  if (reader_) end_read(*connection_);
}

void SqliteTransaction::commit() {
  if (!writer_ && !reader_) throw std::logic_error("a part of a joint transaction was committed");
  before_commit();
  if (writer_)
    // Rules are compiled for a generation, so no other writer may see a generation that could still be undone.
    writer_->commit(has_counted_);
  else
    connection_->prepare("COMMIT").run();
  if (has_keys_to_build_ && after_commit_) after_commit_();
}

std::uint64_t SqliteTransaction::generation() {
  has_told_generation_ = true;
  Statement statement = scoped("SELECT generation FROM scopes WHERE id = ?1");
  return statement.step() ? static_cast<std::uint64_t>(statement.integer(0)) : 0;
}

// Several changes in a row count once, unless a caller read the generation between them.
void SqliteTransaction::count_generation() {
  if (!has_told_generation_) return;
  has_told_generation_ = false;
  has_counted_ = true;
  scoped("UPDATE scopes SET generation = generation + 1 WHERE id = ?1").run();
}

void SqliteTransaction::set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) {
  kept_up_.reset();
  unique_keys().replace(type, keys);
  count_generation();
}

void SqliteTransaction::set_field_keys(EntityTypeKey type, const std::vector<std::vector<std::string>>& keys) {
  FieldKeyTable table(*connection_, scope_);
  if (keys.empty() && !has_entities(type))
    table.forget_type(type);
  else if (table.redefine(type, keys))
    has_keys_to_build_ = true;
  keys_state_.reset();
}

void SqliteTransaction::rebuild_search(EntityTypeKey type) { search_index().rebuild(type); }

bool SqliteTransaction::has_entities(EntityTypeKey type) {
  Statement entities = scoped("SELECT 1 FROM entities WHERE scope_id = ?1 AND type_key = ?2 LIMIT 1");
  return entities.bind(2, type).step();
}

// --- records

void SqliteTransaction::note_change(RecordTable table) {
  has_changed_runs_ = has_changed_runs_ || table == RecordTable::trigger_runs;
  if (shape_of(table).configuration) count_generation();
  if (table == RecordTable::entity_types) kept_up_.reset();
}

bool SqliteTransaction::insert_record(RecordTable table, const Record& record) {
  const bool inserted = records().insert(table, record);
  note_change(table);
  return inserted;
}

std::int64_t SqliteTransaction::update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                               const RecordChanges& changes) {
  const std::int64_t changed = records().update(table, where, changes);
  note_change(table);
  return changed;
}

std::int64_t SqliteTransaction::remove_records(RecordTable table, const std::vector<RecordCondition>& where) {
  const std::int64_t removed = records().remove(table, where);
  note_change(table);
  return removed;
}

std::vector<Record> SqliteTransaction::select_records(const RecordSelection& selection) {
  return records().select(selection);
}

std::vector<RecordGroup> SqliteTransaction::sum_records(const RecordRollup& rollup) { return records().sum(rollup); }

// Updates the table that scopes_with_due_runs() reads.
void SqliteTransaction::before_commit() {
  if (!has_changed_runs_) return;
  has_changed_runs_ = false;
  scoped(
      "INSERT INTO due_scopes(scope_id, due_at) SELECT ?1, first FROM (SELECT min(due_at) AS first FROM ("
      "SELECT min(due_at) AS due_at FROM trigger_runs WHERE scope_id = ?1 AND status = 'pending' UNION ALL "
      "SELECT min(due_at) FROM trigger_runs WHERE scope_id = ?1 AND status = 'running')) WHERE first IS NOT NULL "
      "ON CONFLICT(scope_id) DO UPDATE SET due_at = excluded.due_at")
      .run();
  if (connection_->changes() == 0) scoped("DELETE FROM due_scopes WHERE scope_id = ?1").run();
}

SqliteDatabaseTransaction::SqliteDatabaseTransaction(ConnectionLease reader)
    : reader_(std::move(reader)), connection_(reader_.get()) {
  connection_->prepare("BEGIN").run();
}

SqliteDatabaseTransaction::SqliteDatabaseTransaction(WriteTurn writer)
    : writer_(std::move(writer)), connection_(&writer_->connection()) {}

SqliteDatabaseTransaction::~SqliteDatabaseTransaction() {
  if (reader_) end_read(*connection_);
}

void SqliteDatabaseTransaction::commit() {
  if (writer_)
    writer_->commit(true);  // no other writer may see an organization that could still be undone
  else
    connection_->prepare("COMMIT").run();
}

bool SqliteDatabaseTransaction::insert_record(RecordTable table, const Record& record) {
  if (!records().insert(table, record)) return false;
  if (table != RecordTable::organizations) return true;
  const std::string& id = std::get<std::string>(record.at(column_of(shape_of(table), "id")));
  Statement scopes = connection_->prepare(
      "INSERT INTO scopes(organization_id, environment) VALUES(?1, 'development'), (?1, 'production')");
  scopes.bind(1, std::string_view(id)).run();
  return true;
}

std::int64_t SqliteDatabaseTransaction::update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                                       const RecordChanges& changes) {
  return records().update(table, where, changes);
}

std::int64_t SqliteDatabaseTransaction::remove_records(RecordTable table, const std::vector<RecordCondition>& where) {
  return records().remove(table, where);
}

std::vector<Record> SqliteDatabaseTransaction::select_records(const RecordSelection& selection) {
  return records().select(selection);
}

std::vector<RecordGroup> SqliteDatabaseTransaction::sum_records(const RecordRollup& rollup) {
  return records().sum(rollup);
}

// --- entities

std::shared_ptr<const FieldKeys> SqliteTransaction::keys_of(EntityTypeKey type) {
  KeyCatalog& catalog = connection_->keys();
  if (!keys_state_) keys_state_ = reader_ ? KeyCatalog::state_of_reader(*connection_) : catalog.new_state_of_writer();
  return catalog.keys_of(*connection_, scope_, type, *keys_state_);
}

const SqliteTransaction::KeptUp& SqliteTransaction::kept_up(EntityTypeKey type) {
  if (kept_up_ && kept_up_->type == type) return *kept_up_;
  Statement statement = scoped(
      "SELECT EXISTS(SELECT 1 FROM unique_keys WHERE scope_id = ?1 AND type_key = ?2), search_fields <> '[]' FROM "
      "entity_types WHERE scope_id = ?1 AND type_key = ?2");
  // If the type has no record, both unique keys and search fields may exist.
  const bool is_known = statement.bind(2, type).step();
  return kept_up_.emplace(KeptUp{type, !is_known || statement.integer(0) != 0, !is_known || statement.integer(1) != 0});
}

Statement SqliteTransaction::scoped(std::string_view sql) {
  Statement statement = connection_->prepare(sql);
  statement.bind(1, scope_);
  return statement;
}

Statement SqliteTransaction::scoped(std::string_view sql, const std::vector<SelectionParameter>& parameters,
                                    SlotValues& values) {
  Statement statement = scoped(sql);
  values.bind(statement, parameters);
  return statement;
}

std::optional<SqliteTransaction::NumberedEntity> SqliteTransaction::find_numbered(const std::string& id) {
  Statement statement = scoped(
      "SELECT type_key, data, status, created_at, updated_at, version, deleted_at IS NOT NULL, row_no FROM entities "
      "WHERE scope_id = ?1 AND id = ?2");
  statement.bind(2, std::string_view(id));
  if (!statement.step()) return std::nullopt;
  return NumberedEntity{{statement.integer(0), id, statement.string(1), statement.string(2), statement.integer(3),
                         statement.integer(4), statement.integer(5), statement.integer(6) != 0},
                        statement.integer(7)};
}

std::optional<StoredEntity> SqliteTransaction::find_entity(const std::string& id) {
  auto found = find_numbered(id);
  return found ? std::optional(std::move(found->entity)) : std::nullopt;
}

std::optional<std::string> SqliteTransaction::find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) {
  return unique_keys().find(type, key, data);
}

void SqliteTransaction::insert_entity(const StoredEntity& entity) {
  Statement statement = scoped(
      "INSERT INTO entities(scope_id, id, type_key, status, created_at, updated_at, version, data, deleted_at) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
  statement.bind(2, std::string_view(entity.id)).bind(3, entity.type).bind(4, std::string_view(entity.status));
  statement.bind(5, entity.created_at)
      .bind(6, entity.updated_at)
      .bind(7, entity.version)
      .bind(8, std::string_view(entity.data))
      .bind(9, entity.deleted ? std::optional(entity.updated_at) : std::nullopt);
  statement.run();
  const std::int64_t row = connection_->last_inserted_row();
  const KeptUp& kept = kept_up(entity.type);
  if (kept.has_unique_keys) unique_keys().insert(entity);
  FieldKeyTable(*connection_, scope_).insert(*keys_of(entity.type), entity, row);
  if (kept.is_searched) search_index().put(entity);
}

void SqliteTransaction::update_entity(const StoredEntity& entity) {
  const auto keys = keys_of(entity.type);
  const auto before = keys->empty() ? std::nullopt : find_numbered(entity.id);
  Statement statement = scoped(
      "UPDATE entities SET data = ?3, status = ?4, updated_at = ?5, version = ?6, deleted_at = ?7 WHERE scope_id = ?1 "
      "AND id = ?2");
  statement.bind(2, std::string_view(entity.id))
      .bind(3, std::string_view(entity.data))
      .bind(4, std::string_view(entity.status));
  statement.bind(5, entity.updated_at).bind(6, entity.version);
  statement.bind(7, entity.deleted ? std::optional(entity.updated_at) : std::nullopt).run();
  const KeptUp& kept = kept_up(entity.type);
  if (kept.has_unique_keys) unique_keys().update(entity);
  if (before) FieldKeyTable(*connection_, scope_).update(*keys, before->entity, entity, before->row_no);
  if (kept.is_searched) search_index().put(entity);
}

void SqliteTransaction::purge_entity(const std::string& id) {
  const SecureDelete secure(*connection_);
  search_index().remove(id);
  unique_keys().forget(id);
  if (const auto row = find_entity(id); row && !row->deleted)
    FieldKeyTable(*connection_, scope_).remove(*keys_of(row->type), *row);
  for (const char* const sql :
       {"UPDATE events SET purged_entity_id = entity_id, entity_id = NULL WHERE scope_id = ?1 AND entity_id = ?2",
        "UPDATE events SET purged_other_end_id = other_end_id, other_end_id = NULL WHERE scope_id = ?1 AND "
        "other_end_id = ?2",
        "DELETE FROM entity_relations WHERE scope_id = ?1 AND from_id = ?2",
        "DELETE FROM entity_relations WHERE scope_id = ?1 AND to_id = ?2"})
    scoped(sql).bind(2, std::string_view(id)).run();
  remove_records(RecordTable::trigger_runs, {{"entity_id", {}, id}});
  scoped("DELETE FROM entities WHERE scope_id = ?1 AND id = ?2").bind(2, std::string_view(id)).run();
}

std::int64_t SqliteTransaction::count_ends(const std::string& id, std::int64_t most) {
  Statement statement = scoped(
      "SELECT count(*) FROM (SELECT 1 FROM entity_relations WHERE scope_id = ?1 AND from_id = ?2 UNION ALL SELECT 1 "
      "FROM "
      "entity_relations WHERE scope_id = ?1 AND to_id = ?2 UNION ALL SELECT 1 FROM events WHERE scope_id = ?1 AND "
      "other_end_id = ?2 LIMIT ?3)");
  statement.bind(2, std::string_view(id)).bind(3, most).step();
  return statement.integer(0);
}

bool SqliteTransaction::link(const std::string& from, const std::string& relation, const std::string& to) {
  Statement statement =
      scoped("INSERT OR IGNORE INTO entity_relations(scope_id, from_id, type, to_id) VALUES(?1, ?2, ?3, ?4)");
  statement.bind(2, std::string_view(from)).bind(3, std::string_view(relation)).bind(4, std::string_view(to)).run();
  return connection_->changes() > 0;
}

bool SqliteTransaction::unlink(const std::string& from, const std::string& relation, const std::string& to) {
  Statement statement =
      scoped("DELETE FROM entity_relations WHERE scope_id = ?1 AND from_id = ?2 AND type = ?3 AND to_id = ?4");
  statement.bind(2, std::string_view(from)).bind(3, std::string_view(relation)).bind(4, std::string_view(to)).run();
  return connection_->changes() > 0;
}

}  // namespace struere
