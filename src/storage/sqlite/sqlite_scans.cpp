// Moving a scope to or from another storage (operations/copy.hpp).
#include <stdexcept>

#include "storage/sqlite/sqlite_transaction.hpp"

namespace struere {

std::vector<StoredEntity> SqliteTransaction::scan_entities(const std::string& after, std::int64_t limit,
                                                           std::size_t most_bytes) {
  Statement statement = scoped(
      "SELECT type_key, id, data, status, created_at, updated_at, version, deleted_at IS NOT NULL FROM entities WHERE "
      "scope_id = ?1 AND id > ?2 ORDER BY id LIMIT ?3");
  statement.bind(2, std::string_view(after)).bind(3, limit);
  std::vector<StoredEntity> out;
  std::size_t bytes = 0;
  while (bytes < most_bytes && statement.step())
    bytes += out.emplace_back(StoredEntity{statement.integer(0), statement.string(1), statement.string(2),
                                           statement.string(3), statement.integer(4), statement.integer(5),
                                           statement.integer(6), statement.integer(7) != 0})
                 .data.size();
  return out;
}

std::vector<StoredRelation> SqliteTransaction::scan_relations(const std::optional<StoredRelation>& after,
                                                              std::int64_t limit) {
  Statement statement = scoped(
      "SELECT from_id, type, to_id FROM entity_relations WHERE scope_id = ?1 AND (from_id, type, to_id) > (?2, ?3, ?4) "
      "ORDER BY from_id, type, to_id LIMIT ?5");
  const StoredRelation first = after.value_or(StoredRelation());
  statement.bind(2, std::string_view(first.from)).bind(3, std::string_view(first.relation));
  statement.bind(4, std::string_view(first.to)).bind(5, limit);
  std::vector<StoredRelation> out;
  while (statement.step()) out.push_back({statement.string(0), statement.string(1), statement.string(2)});
  return out;
}

void SqliteTransaction::clear_scope() {
  if (!fills_) throw std::logic_error("a scope that is open was to be cleared");
  remove_records(RecordTable::trigger_runs, {});
  for (const char* const sql :
       {"DELETE FROM entity_search WHERE scope_id = ?1 AND rowid IN (SELECT search_row FROM searchable_entities WHERE "
        "scope_id = ?1)",
        "DELETE FROM searchable_entities WHERE scope_id = ?1", "DELETE FROM events WHERE scope_id = ?1",
        "DELETE FROM event_checkpoints WHERE scope_id = ?1", "DELETE FROM scope_times WHERE scope_id = ?1",
        "UPDATE scopes SET event_count = 0, event_hash = zeroblob(32) WHERE id = ?1",
        "DELETE FROM entity_relations WHERE scope_id = ?1", "DELETE FROM unique_values WHERE scope_id = ?1",
        "DELETE FROM entity_keys WHERE scope_id = ?1", "DELETE FROM entities WHERE scope_id = ?1"})
    scoped(sql).run();
}

}  // namespace struere
