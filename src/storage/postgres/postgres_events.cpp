// The log of one scope (SPEC 7).
#include <algorithm>
#include <optional>

#include "query/relation_memory.hpp"
#include "storage/postgres/event_statements.hpp"
#include "storage/postgres/interruptible.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/row_limit.hpp"
#include "storage/sql/event_reader.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {
namespace {

constexpr std::int64_t least_events = 32, most_events = 1'024;

// The row of an entity in the columns from `first` on: type_key, id, data, status, created_at, updated_at. nullopt if
// there is none.
std::optional<StoredEntity> read_entity(const ResultRow& row, int first) {
  if (row.is_null(first)) return std::nullopt;
  return StoredEntity{row.integer(first),
                      row.string(first + 1),
                      row.string(first + 2),
                      row.string(first + 3),
                      row.integer(first + 4),
                      row.integer(first + 5),
                      0,
                      false};
}

constexpr int first_of_entity = after_event_columns, first_of_other_end = first_of_entity + 6;

std::vector<const Mask*> admitting_masks(const EventSelection& selection, const std::optional<StoredEntity>& row,
                                         RelationReader& relations) {
  static const Mask shows_all;
  if (!row) return selection.purged ? std::vector{&shows_all} : std::vector<const Mask*>();
  for (const EventSelection::TypeGrants& type : selection.types)
    if (type.type == row->type) return admitting(*type.grants, fields_of(*row), selection.actor, relations);
  return {};
}

bool is_never(const std::optional<std::string>& text) { return text && !is_storable(*text); }

}  // namespace

// The scope and the columns of an event that append_event() gives.
Parameters PostgresTransaction::parameters_of(const EventRecord& event) const {
  Parameters parameters = Parameters()
                              .add(scope_)
                              .add(event.sequence)
                              .add_text(event.id.str())
                              .add_text(event.type)
                              .add_text(event.entity)
                              .add_text(event.other_end)
                              .add_text(event.actor_type)
                              .add_text(event.actor_id)
                              .add(event.created_at)
                              .add_text(event.payload)
                              .add_bytes(bytes_of(event.hash));
  if (event.salt)
    parameters.add_bytes(bytes_of(*event.salt));
  else
    parameters.add_null();
  if (event.impersonated_by)
    parameters.add_text(event.impersonated_by->type).add_text(event.impersonated_by->id);
  else
    parameters.add_null().add_null();
  parameters.add_text(event.trace_id);
  return parameters;
}

void PostgresTransaction::append_event(const EventRecord& event) {
  new_rows_.value().add(event);
  head_.set_chain_head({event.sequence, event.hash}, event.created_at);
}

// An entity that has no row was purged.
void PostgresTransaction::restore_event(const EventRecord& event) {
  relieve();
  Parameters parameters = parameters_of(event);
  if (event.payload_hash)
    parameters.add_bytes(bytes_of(*event.payload_hash));
  else
    parameters.add_null();
  head_.set_chain_head({event.sequence, event.hash}, event.created_at);
  if (connection().is_citus()) return restore_event_on_citus(event, parameters);
  connection().queue(
      "INSERT INTO struere.events(scope_id, sequence, id, type, entity_id, purged_entity_id, other_end_id, "
      "purged_other_end_id, actor_type, actor_id, created_at, payload, hash, salt, impersonated_by_type, "
      "impersonated_by, trace_id, payload_hash) SELECT $1, $2, $3, $4, e.id, CASE WHEN e.id IS NULL THEN given.entity "
      "END, o.id, "
      "CASE WHEN o.id IS NULL THEN given.other_end END, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM (SELECT "
      "$5::text "
      "AS entity, $6::text AS other_end) AS given LEFT JOIN struere.entities e ON e.scope_id = $1 AND e.id = "
      "given.entity LEFT JOIN struere.entities o ON o.scope_id = $1 AND o.id = given.other_end",
      parameters);
}

// Citus 13.2 ends with a segmentation fault on the statement for one server.
void PostgresTransaction::restore_event_on_citus(const EventRecord& event, const Parameters& parameters) {
  connection().queue(
      "INSERT INTO struere.events(scope_id, sequence, id, type, purged_entity_id, purged_other_end_id, actor_type, "
      "actor_id, created_at, payload, hash, salt, impersonated_by_type, impersonated_by, trace_id, payload_hash) "
      "VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
      parameters);
  const auto refer = [&](const char* sql, const std::optional<std::string>& id) {
    if (id) connection().queue(sql, Parameters().add(scope_).add(event.sequence).add_text(*id));
  };
  refer(
      "UPDATE struere.events SET entity_id = purged_entity_id, purged_entity_id = NULL WHERE scope_id = $1 AND "
      "sequence "
      "= $2 AND EXISTS(SELECT 1 FROM struere.entities WHERE scope_id = $1 AND id = $3)",
      event.entity);
  refer(
      "UPDATE struere.events SET other_end_id = purged_other_end_id, purged_other_end_id = NULL WHERE scope_id = $1 "
      "AND "
      "sequence = $2 AND EXISTS(SELECT 1 FROM struere.entities WHERE scope_id = $1 AND id = $3)",
      event.other_end);
}

std::vector<EventRecord> PostgresTransaction::select_events(const EventSelection& selection) {
  const Interruptible interruptible(connection(), selection.interruption);
  std::vector<EventRecord> out;
  if (is_never(selection.entity) || is_never(selection.type) || is_never(selection.type_prefix) ||
      is_never(selection.actor_id))
    return out;
  RelationMemory relations(*this);
  std::size_t bytes = 0;
  std::int64_t after = std::max(selection.after, log_start().sequence);
  std::optional<std::int64_t> before = selection.before;
  for (std::int64_t rows = row_limit(std::clamp(selection.limit + 1, least_events, most_events));;
       rows = std::min(rows * 4, most_events)) {
    throw_if_due(selection.interruption);
    const EventStatement statement = next_events(scope_, selection, after, before, rows);
    const Result batch = connection().run(statement.sql, statement.parameters);
    for (int i = 0; i < batch.rows(); ++i) {
      const Row row(batch, i);
      EventRecord event = read_event(row);
      (selection.newest_first ? before.emplace() : after) = event.sequence;
      if (!is_asked_for(selection, event)) continue;
      std::vector<const Mask*> masks;
      if (event.entity) masks = admitting_masks(selection, read_entity(row, first_of_entity), relations);
      if (event.entity ? masks.empty() : !selection.others) continue;
      if (event.other_end && admitting_masks(selection, read_entity(row, first_of_other_end), relations).empty())
        continue;
      if (static_cast<std::int64_t>(out.size()) == selection.limit || bytes >= selection.most_bytes) return out;
      if (event.entity && !event.other_end) event.payload = masked_payload(event.payload, masks);
      bytes += event.payload.size();
      out.push_back(std::move(event));
    }
    if (batch.rows() < rows) return out;
    if (static_cast<std::int64_t>(out.size()) == selection.limit || bytes >= selection.most_bytes) return out;
  }
}

// In one round trip. An event that is missing, of a damaged log, counts as one that is not before `time`.
std::int64_t PostgresTransaction::last_event_before(Timestamp time, std::int64_t after) {
  const Result found = connection().run(
      "WITH RECURSIVE search(low, high) AS (SELECT $2::bigint, $3::bigint UNION ALL SELECT CASE WHEN middle.is_before "
      "THEN middle.sequence ELSE low END, CASE WHEN middle.is_before THEN high ELSE middle.sequence END FROM search, "
      "LATERAL (SELECT low + (high - low) / 2 AS sequence, coalesce((SELECT v.created_at < $4 FROM struere.events v "
      "WHERE v.scope_id = $1 AND v.sequence = low + (high - low) / 2), false) AS is_before) middle WHERE low + 1 < "
      "high) SELECT low FROM search WHERE low + 1 >= high",
      Parameters().add(scope_).add(after).add(std::max(after, chain_head().sequence) + 1).add(time));
  return found.integer(0, 0);
}

std::int64_t PostgresTransaction::remove_pruned_events(std::int64_t most) {
  return connection()
      .run(
          "DELETE FROM struere.events WHERE scope_id = $1 AND sequence IN (SELECT sequence FROM struere.events WHERE "
          "scope_id = $1 AND sequence <= $2 ORDER BY sequence LIMIT $3)",
          Parameters().add(scope_).add(log_start().sequence).add(most))
      .affected();
}

void PostgresTransaction::replay_events(const EventReplay& which,
                                        const std::function<bool(const EventRecord&)>& visit) {
  std::int64_t after = std::max(which.after, log_start().sequence);
  for (std::int64_t rows = std::clamp<std::int64_t>(which.wanted, 1, least_events);;
       rows = std::min(rows * 2, most_events)) {
    const EventStatement statement = events_to_replay(scope_, which, after, rows);
    const Result batch = connection().run(statement.sql, statement.parameters);
    for (int i = 0; i < batch.rows(); ++i) {
      const EventRecord event = read_event(Row(batch, i));
      after = event.sequence;
      if (!visit(event)) return;
    }
    if (batch.rows() < rows) return;
  }
}

void PostgresTransaction::purge_payload(std::int64_t sequence, const Digest& payload_hash) {
  connection().queue(
      "UPDATE struere.events SET payload = '{}', salt = NULL, payload_hash = $3 WHERE scope_id = $1 AND sequence = $2",
      Parameters().add(scope_).add(sequence).add_bytes(bytes_of(payload_hash)));
}

}  // namespace struere::postgres
