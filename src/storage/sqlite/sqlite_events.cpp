// The log of one scope (SPEC 7).
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "storage/sql/event_reader.hpp"
#include "storage/sql/selection_compiler.hpp"
#include "storage/sqlite/sqlite_dialect.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "struere/core/error.hpp"

namespace struere {
ChainHead SqliteTransaction::chain_head() {
  Statement statement = scoped("SELECT event_count, event_hash FROM scopes WHERE id = ?1");
  ChainHead head;
  if (!statement.step()) return head;
  head.sequence = statement.integer(0);
  const bool is_count = head.sequence >= 0 && head.sequence < std::numeric_limits<std::int64_t>::max();
  if (!is_count || !read_fixed_bytes(statement.blob(1), head.hash))
    throw Error(ErrorCode::storage, "the end of the log is damaged: it has no count or no hash; restore a backup");
  return head;
}

Timestamp SqliteTransaction::last_time() {
  Statement statement = scoped(
      "SELECT max(coalesce((SELECT created_at FROM events WHERE scope_id = ?1 ORDER BY sequence DESC LIMIT 1), 0), "
      "coalesce((SELECT written_at FROM scope_times WHERE scope_id = ?1), 0))");
  return statement.step() ? statement.integer(0) : 0;
}

void SqliteTransaction::note_time(Timestamp now) {
  Statement statement = scoped("INSERT OR REPLACE INTO scope_times(scope_id, written_at) VALUES(?1, ?2)");
  statement.bind(2, now).run();
}

void SqliteTransaction::append_event(const EventRecord& event) { insert_event(event, nullptr, nullptr); }

void SqliteTransaction::restore_event(const EventRecord& event) {
  EventRecord standing = event;
  std::optional<std::string> purged, purged_other_end;
  if (event.entity && !find_entity(*event.entity)) purged.swap(standing.entity);
  if (event.other_end && !find_entity(*event.other_end)) purged_other_end.swap(standing.other_end);
  insert_event(standing, &purged, &purged_other_end);
  if (!event.payload_hash) return;
  Statement hash = scoped("UPDATE events SET payload_hash = ?3 WHERE scope_id = ?1 AND sequence = ?2");
  hash.bind(2, event.sequence).bind_blob(3, bytes_of(*event.payload_hash)).run();
}

void SqliteTransaction::insert_event(const EventRecord& event, const std::optional<std::string>* purged,
                                     const std::optional<std::string>* purged_other_end) {
  Statement insert = scoped(
      "INSERT INTO events(scope_id, sequence, id, type, entity_id, other_end_id, actor_type, actor_id, created_at, "
      "payload, hash, salt, impersonated_by_type, impersonated_by, purged_entity_id, purged_other_end_id, trace_id) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)");
  insert.bind(2, event.sequence).bind(3, std::string_view(event.id.str())).bind(4, std::string_view(event.type));
  insert.bind(5, event.entity).bind(6, event.other_end);
  insert.bind(7, std::string_view(event.actor_type))
      .bind(8, std::string_view(event.actor_id))
      .bind(9, event.created_at);
  insert.bind(10, std::string_view(event.payload)).bind_blob(11, bytes_of(event.hash));
  if (event.salt) insert.bind_blob(12, bytes_of(*event.salt));
  if (event.impersonated_by)
    insert.bind(13, std::string_view(event.impersonated_by->type))
        .bind(14, std::string_view(event.impersonated_by->id));
  if (purged) insert.bind(15, *purged);
  if (purged_other_end) insert.bind(16, *purged_other_end);
  if (event.trace_id) insert.bind(17, std::string_view(*event.trace_id));
  insert.run();
  Statement head = scoped("UPDATE scopes SET event_count = ?2, event_hash = ?3 WHERE id = ?1");
  head.bind(2, event.sequence).bind_blob(3, bytes_of(event.hash)).run();
}

void SqliteTransaction::prune_events(const ChainHead& through) {
  Statement checkpoint =
      scoped("INSERT OR REPLACE INTO event_checkpoints(scope_id, sequence, hash) VALUES(?1, ?2, ?3)");
  checkpoint.bind(2, through.sequence).bind_blob(3, bytes_of(through.hash)).run();
}

std::int64_t SqliteTransaction::remove_pruned_events(std::int64_t most) {
  Statement statement = scoped(
      "DELETE FROM events WHERE scope_id = ?1 AND sequence IN (SELECT sequence FROM events WHERE scope_id = ?1 AND "
      "sequence <= (SELECT sequence FROM event_checkpoints WHERE scope_id = ?1) ORDER BY sequence LIMIT ?2)");
  statement.bind(2, most).run();
  return connection_->changes();
}

ChainHead SqliteTransaction::log_start() {
  Statement statement = scoped("SELECT sequence, hash FROM event_checkpoints WHERE scope_id = ?1");
  ChainHead start;
  if (!statement.step()) return start;
  start.sequence = statement.integer(0);
  if (!read_fixed_bytes(statement.blob(1), start.hash))
    throw Error(ErrorCode::storage, "the start of the log is damaged: its hash is malformed; restore a backup");
  return start;
}

void SqliteTransaction::replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) {
  const std::string sql = fmt::format(
      "SELECT {} FROM events v WHERE v.scope_id = ?1 AND v.sequence > {}{} ORDER BY "
      "v.sequence",
      event_columns, later_than(sqlite_dialect, "?2"), which.entity ? " AND v.entity_id = ?3" : "");
  Statement statement = scoped(sql);
  statement.bind(2, which.after);
  if (which.entity) statement.bind(3, std::string_view(*which.entity));
  while (statement.step())
    if (!visit(read_event(statement))) return;
}

void SqliteTransaction::purge_payload(std::int64_t sequence, const Digest& payload_hash) {
  const SecureDelete secure(*connection_);
  Statement statement =
      scoped("UPDATE events SET payload = '{}', salt = NULL, payload_hash = ?3 WHERE scope_id = ?1 AND sequence = ?2");
  statement.bind(2, sequence).bind_blob(3, bytes_of(payload_hash)).run();
}

}  // namespace struere
