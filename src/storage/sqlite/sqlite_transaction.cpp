#include "storage/sqlite/sqlite_transaction.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include "struere/core/error.hpp"

namespace struere {

SqliteTransaction::SqliteTransaction(ConnectionLease reader, std::int64_t scope, std::string organization)
    : reader_(std::move(reader)), connection_(reader_.get()), scope_(scope), organization_(std::move(organization)) {
  connection_->prepare("BEGIN").run();
}

SqliteTransaction::SqliteTransaction(WriteTurn writer, std::int64_t scope, std::string organization,
                                     std::function<void()> after_commit)
    : writer_(std::move(writer)),
      connection_(&writer_->connection()),
      scope_(scope),
      organization_(std::move(organization)),
      after_commit_(std::move(after_commit)) {}

SqliteTransaction::~SqliteTransaction() {
  // After some failures SQLite has rolled back by itself.
  if (!reader_ || sqlite3_get_autocommit(connection_->handle()) != 0) return;
  try {
    connection_->prepare("ROLLBACK").run();  // kept: every reader ends with it
  } catch (const std::exception&) {  // nothing of the transaction stays when the connection is used again, or closed
  }
}

void SqliteTransaction::commit() {
  note_due_runs();
  if (writer_)
    // Rules are compiled by their generation: nobody may see one that could yet be undone.
    writer_->commit(has_counted_);
  else if (!reader_)
    throw std::logic_error("a part of a larger write was committed");
  else
    connection_->prepare("COMMIT").run();
  if (has_keys_to_build_ && after_commit_) after_commit_();
}

std::shared_ptr<const FieldKeys> SqliteTransaction::keys_of(EntityTypeKey type) {
  KeyCatalog& catalog = connection_->keys();
  if (!keys_state_) keys_state_ = reader_ ? KeyCatalog::state_of_reader(*connection_) : catalog.new_state_of_writer();
  return catalog.keys_of(*connection_, scope_, type, *keys_state_);
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

std::optional<StoredEntity> SqliteTransaction::find_entity(const std::string& id) {
  Statement statement = scoped(
      "SELECT type_key, data, status, created_at, updated_at, version, deleted_at IS NOT NULL FROM entities WHERE "
      "scope_id = ?1 AND id = ?2");
  statement.bind(2, std::string_view(id));
  if (!statement.step()) return std::nullopt;
  return StoredEntity{statement.integer(0), id,
                      statement.string(1),  statement.string(2),
                      statement.integer(3), statement.integer(4),
                      statement.integer(5), statement.integer(6) != 0};
}

std::optional<std::string> SqliteTransaction::find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) {
  return unique_keys().find(type, key, data);
}

void SqliteTransaction::insert_entity(const StoredEntity& entity) {
  Statement statement = scoped(
      "INSERT INTO entities(scope_id, id, type_key, status, created_at, updated_at, version, data) VALUES(?1, ?2, ?3, "
      "?4, ?5, ?6, ?7, ?8)");
  statement.bind(2, std::string_view(entity.id)).bind(3, entity.type).bind(4, std::string_view(entity.status));
  statement.bind(5, entity.created_at)
      .bind(6, entity.updated_at)
      .bind(7, entity.version)
      .bind(8, std::string_view(entity.data));
  statement.run();
  unique_keys().insert(entity);
  FieldKeyTable(*connection_, scope_).insert(*keys_of(entity.type), entity);
  search_index().put(entity);
}

void SqliteTransaction::update_entity(const StoredEntity& entity) {
  const auto keys = keys_of(entity.type);
  const auto before = keys->empty() ? std::nullopt : find_entity(entity.id);
  Statement statement = scoped(
      "UPDATE entities SET data = ?3, status = ?4, updated_at = ?5, version = ?6, deleted_at = ?7 WHERE scope_id = ?1 "
      "AND id = ?2");
  statement.bind(2, std::string_view(entity.id))
      .bind(3, std::string_view(entity.data))
      .bind(4, std::string_view(entity.status));
  statement.bind(5, entity.updated_at).bind(6, entity.version);
  statement.bind(7, entity.deleted ? std::optional(entity.updated_at) : std::nullopt).run();
  unique_keys().update(entity);
  if (before) FieldKeyTable(*connection_, scope_).update(*keys, *before, entity);
  search_index().put(entity);
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
