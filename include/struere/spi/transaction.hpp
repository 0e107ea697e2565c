// One unit of work: what a storage can be asked to read and to write (SPEC 1 and 6).
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/entity_type.hpp"
#include "struere/model/event.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/event_selection.hpp"
#include "struere/query/interpreter.hpp"
#include "struere/query/selection.hpp"
#include "struere/spi/record.hpp"

namespace STRUERE_API struere {
inline namespace STRUERE_API spi {

// Which events are replayed: those of the scope after a sequence, or of these only the ones of one entity.
struct EventReplay {
  std::int64_t after = 0;
  std::optional<std::string> entity = {};
  std::int64_t wanted = std::numeric_limits<std::int64_t>::max();  // a hint: the visitor ends it after so many
};

struct StoredRelation {
  std::string from, relation, to;

  friend auto operator<=>(const StoredRelation&, const StoredRelation&) = default;
};

// A transaction on records (spi/record.hpp): those of one scope and its organization, or those of the database.
// All reads see one snapshot. Undone on destruction unless commit() returned. One thread at a time; must not outlive
// the Storage. Every method throws Error{storage} where the storage fails, and then nothing of the transaction stays;
// std::logic_error for a table whose records this transaction does not own.
class RecordTransaction {
 public:
  virtual ~RecordTransaction() = default;

  // Makes all writes durable, or throws and keeps none. A transaction that only read need not call it.
  virtual void commit() = 0;

  // False if a key is taken; nothing is changed then.
  virtual bool insert_record(RecordTable table, const Record& record) = 0;
  // Both return how many records they changed. A key column is never updated.
  virtual std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                                      const RecordChanges& changes) = 0;
  virtual std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) = 0;
  virtual std::vector<Record> select_records(const RecordSelection& selection) = 0;
  virtual std::vector<RecordGroup> sum_records(const RecordRollup& rollup) = 0;
};

// Made by Storage::begin for one scope, and only the rows of that scope, and the records that its environments share,
// exist for it; no method takes another scope.
class Transaction : public RecordTransaction, public RelationReader {
 public:
  // Counts up with each change of a table whose shape is `configuration`, so that what was compiled from it is known to
  // be stale: it differs from every value that was returned before that change.
  virtual std::uint64_t generation() = 0;

  // --- what is kept beside the rows of an entity type. Its record (`entity_types`) stands when these are called.
  // Holds these keys from now on; selects on RecordTable::unique_keys show them, and only this function writes that
  // table. Throws Error{conflict} if stored rows break one of them, and says how many.
  virtual void set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) = 0;
  // Hints: by which fields of `data` rows are looked for, most wanted first; and that the type's search fields changed.
  virtual void set_field_keys(EntityTypeKey, const std::vector<std::vector<std::string>>&) {}
  virtual void rebuild_search(EntityTypeKey) {}
  virtual bool has_entities(EntityTypeKey type) = 0;  // deleted ones too; the record of such a type cannot be removed

  // --- entities. What select and count mean is defined by query/interpreter.hpp; rows leave masked.
  virtual Page select(const Selection& selection) = 0;
  virtual std::int64_t count(const Selection& selection) = 0;
  // Over the rows that count() counts; order, limit and position of the selection do not matter.
  virtual Aggregates aggregate(const Selection& selection, const Aggregation& aggregation) = 0;
  // How select() would find the rows, in the storage's own words; none where it has none.
  virtual std::vector<std::string> plan_of(const Selection&) { return {}; }
  // Unmasked and deleted or not: for the checks of a write, never for an answer.
  virtual std::optional<StoredEntity> find_entity(const std::string& id) = 0;
  // A hint: find_entity() is asked for these next, by a write.
  virtual void expect_lookups(const std::vector<std::string>& /*ids*/) {}
  // The id of the entity of this type, not deleted, that agrees (`eq`) with `data` on all paths of `key`, a unique key
  // of the type as stored. nullopt if there is none, or if `data` takes no part in the key: one of its paths is absent
  // or null there.
  virtual std::optional<std::string> find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) = 0;
  // Both throw Error{conflict} if the row would break a unique key of its type as stored; the message names the paths
  // of the key and nothing of the other row, and the transaction is then to be undone. Storages hold the keys here, so
  // that no way of writing a row goes past them.
  // A hint comes before: entities of the type with these `data` are inserted next, so that a storage may look at once
  // whether their unique values are free.
  virtual void expect_entities(EntityTypeKey, const std::vector<const Json*>& /*data*/) {}
  virtual void insert_entity(const StoredEntity& entity) = 0;  // also one that is deleted already
  virtual void update_entity(const StoredEntity& entity) = 0;  // by id; `type` and `created_at` never change
  // Removes the row, its relations and its trigger runs. Events keep the id, and count as those of a purged entity.
  virtual void purge_entity(const std::string& id) = 0;
  // How many relations purge_entity() removes and how many events name the entity as their other end; counts at most
  // `most`. 0 if the storage makes nobody else wait for a purge.
  virtual std::int64_t count_ends(const std::string& id, std::int64_t most);

  // --- relations. Both ends are entities of the scope. Each says whether it changed anything.
  virtual bool link(const std::string& from, const std::string& relation, const std::string& to) = 0;
  virtual bool unlink(const std::string& from, const std::string& relation, const std::string& to) = 0;
  // The types of the entities that related_ids() names. Reads each of these, unless the storage knows better.
  virtual std::vector<EntityTypeKey> related_types(const std::string& id, const Hop& hop,
                                                   const Interruption& interruption);

  // --- events. Only the oldest can be removed, and of the others only the payload.
  virtual ChainHead chain_head() = 0;
  // When the scope was last written to: the later one of its newest event's time and what note_time() kept; 0 if it
  // never was. A write takes no earlier time than this (SPEC 7).
  virtual Timestamp last_time() = 0;
  virtual void note_time(Timestamp now) = 0;                // of a write that appends no event
  virtual void append_event(const EventRecord& event) = 0;  // of the sequence and hash that follow the head
  virtual std::vector<EventRecord> select_events(const EventSelection& selection) = 0;
  // The last of the events after the sequence `after` whose time is before `time`, as its sequence; `after` if there is
  // none. Requires that `after` is not before the log's start, and that no event after it has an earlier time than the
  // one before it. Unless a storage overrides it, found by replay_events(), one event for each bit of the log's length.
  virtual std::int64_t last_event_before(Timestamp time, std::int64_t after);
  // The log starts after this event from then on: no method shows it or any before it.
  virtual void prune_events(const ChainHead& through) = 0;
  // Removes up to `most` of the events before the start, and says how many: 0 once none is left.
  virtual std::int64_t remove_pruned_events(std::int64_t most) = 0;
  virtual ChainHead log_start() = 0;  // the last event that was pruned; all zeros where none was
  // In order, as stored, until `visit` answers false, which must not write: for verifying, pruning and purging.
  virtual void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) = 0;
  // Puts the hash in the place of the payload and its salt.
  virtual void purge_payload(std::int64_t sequence, const Digest& payload_hash) = 0;

  // --- moving to another storage (operations/copy.hpp); a storage without these cannot be copied, and one without the
  // first refuses upgrades of packs that change data.
  // All entities, deleted ones too, whose id comes after this one, by id. None is added once the texts of those before
  // it reach `most_bytes`.
  virtual std::vector<StoredEntity> scan_entities(const std::string& after, std::int64_t limit, std::size_t most_bytes);
  // All relations after this one, in their order.
  virtual std::vector<StoredRelation> scan_relations(const std::optional<StoredRelation>& after, std::int64_t limit);
  // Appends an event as another storage kept it, hash and sequence included; its entity may have been purged.
  virtual void restore_event(const EventRecord& event);
  // Removes all entities, relations, trigger runs and events, and the log begins anew. Only in a transaction that fills
  // (Access::fill); std::logic_error in every other one.
  virtual void clear_scope();
};

}  // namespace spi
}  // namespace struere
