// One transaction in one scope, on one connection.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/companion.hpp"
#include "storage/sql/selection_cache.hpp"
#include "storage/sql/selection_parameter.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/field_keys.hpp"
#include "storage/sqlite/group_commit.hpp"
#include "storage/sqlite/search_index.hpp"
#include "storage/sqlite/sqlite_records.hpp"
#include "storage/sqlite/unique_keys.hpp"
#include "struere/spi/storage.hpp"

namespace STRUERE_COMPANION_API struere {

class SqliteTransaction final : public Transaction, private KeySource {
 public:
  // `scope` is the number of the scope. `organization` is its organization, which owns what both environments share.
  SqliteTransaction(ConnectionLease reader, std::int64_t scope, const std::string& organization);
  // Calls `after_commit` after the commit if definitions left field keys to build. `after_commit` must not throw.
  SqliteTransaction(WriteTurn writer, std::int64_t scope, const std::string& organization,
                    std::function<void()> after_commit = {}, bool fills = false);
  // Part of a larger write on that connection. The larger write calls before_commit() and commits.
  SqliteTransaction(Connection& part_of, std::int64_t scope, const std::string& organization)
      : connection_(&part_of), scope_(scope), owner_{scope, organization} {}
  ~SqliteTransaction() override;

  void commit() override;
  // Writes data that depends on the whole transaction.
  void before_commit();

  std::uint64_t generation() override;
  void set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) override;
  void set_field_keys(EntityTypeKey type, const std::vector<std::vector<std::string>>& keys) override;
  void rebuild_search(EntityTypeKey type) override;
  bool has_entities(EntityTypeKey type) override;

  Page select(const Selection& selection) override;
  std::int64_t count(const Selection& selection) override;
  Aggregates aggregate(const Selection& selection, const Aggregation& aggregation) override;
  std::vector<std::string> plan_of(const Selection& selection) override;
  std::optional<StoredEntity> find_entity(const std::string& id) override;
  std::optional<std::string> find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) override;
  void insert_entity(const StoredEntity& entity) override;
  void update_entity(const StoredEntity& entity) override;
  void purge_entity(const std::string& id) override;
  std::int64_t count_ends(const std::string& id, std::int64_t most) override;

  bool link(const std::string& from, const std::string& relation, const std::string& to) override;
  bool unlink(const std::string& from, const std::string& relation, const std::string& to) override;
  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override;
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override;
  std::vector<EntityTypeKey> related_types(const std::string& id, const Hop& hop,
                                           const Interruption& interruption) override;

  bool insert_record(RecordTable table, const Record& record) override;
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override;
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override;
  std::vector<Record> select_records(const RecordSelection& selection) override;
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override;

  ChainHead chain_head() override;
  Timestamp last_time() override;
  void note_time(Timestamp now) override;
  void append_event(const EventRecord& event) override;
  std::vector<EventRecord> select_events(const EventSelection& selection) override;
  void prune_events(const ChainHead& through) override;
  std::int64_t remove_pruned_events(std::int64_t most) override;
  ChainHead log_start() override;
  void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) override;
  void purge_payload(std::int64_t sequence, const Digest& payload_hash) override;

  std::vector<StoredEntity> scan_entities(const std::string& after, std::int64_t limit,
                                          std::size_t most_bytes) override;
  std::vector<StoredRelation> scan_relations(const std::optional<StoredRelation>& after, std::int64_t limit) override;
  void restore_event(const EventRecord& event) override;
  void clear_scope() override;

 private:
  // Prepares a statement and binds the scope to its first parameter. All statements of this class are made here.
  Statement scoped(std::string_view sql);
  // `values` must outlive the statement.
  Statement scoped(std::string_view sql, const std::vector<SelectionParameter>& parameters, SlotValues& values);
  // The last two: the ids of entities that were purged, null if none was.
  void insert_event(const EventRecord& event, const std::optional<std::string>* purged,
                    const std::optional<std::string>* purged_other_end);
  SqliteRecords records() { return {*connection_, owner_}; }
  void note_change(RecordTable table);
  std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override;
  struct NumberedEntity {
    StoredEntity entity;
    std::int64_t row_no;  // of `entities`
  };
  std::optional<NumberedEntity> find_numbered(const std::string& id);
  bool has_row(const std::string& id);  // also of a deleted entity
  // What a write of a row of this type must update in addition to its field keys.
  struct KeptUp {
    EntityTypeKey type;
    bool has_unique_keys, is_searched;
  };
  const KeptUp& kept_up(EntityTypeKey type);
  UniqueKeys unique_keys() { return {*connection_, scope_}; }
  SearchIndex search_index() { return {*connection_, scope_}; }
  // A compiled selection that reads few rows, as far as that is known.
  struct Prepared {
    const Selection& asked;
    std::shared_ptr<const Selection> of_few;  // `asked`, of these ids alone
    std::shared_ptr<const PreparedSelection> prepared;
    const Selection& selection() const noexcept { return of_few ? *of_few : asked; }
    const CompiledSelection& compiled() const noexcept { return prepared->compiled; }
  };
  // `page`: the caller needs no more than a page of the rows.
  Prepared prepare(Asked asked, const Selection& selection, bool page);
  void add_found(const CompiledLookup& lookup, const Selection& selection, std::size_t most,
                 std::vector<std::string>& ids);
  std::optional<std::size_t> own_rows(const Selection& selection, const CompiledSelection& compiled);
  // The ids that the best of the leads finds; nullopt if each finds more than `most`.
  std::optional<std::vector<std::string>> led_rows(const Selection& selection, const std::vector<CompiledLead>& leads,
                                                   std::size_t most);
  std::optional<std::string> few_subjects(const EventSelection& selection);
  std::int64_t rows_of_type(EntityTypeKey type, std::int64_t most);  // no more than `most`
  // `stops_early`: the rows are a page in the order of time.
  std::optional<std::string> search_to_lead(const Selection& selection, bool stops_early);
  void count_generation();

  ConnectionLease reader_;
  std::optional<WriteTurn> writer_;
  Connection* connection_;  // that of `reader_`, of `writer_` or of the larger write
  std::int64_t scope_;
  RecordOwnerValues owner_;
  bool has_counted_ = false;         // whether it has increased the generation
  bool has_told_generation_ = true;  // whether generation() was called since the last increase
  bool has_changed_runs_ = false;
  std::optional<std::uint64_t> keys_state_;  // of the keys that keys_of() reads
  std::optional<KeptUp> kept_up_;            // of the type that was written last; reset when the type changes
  std::function<void()> after_commit_;
  bool has_keys_to_build_ = false;
  bool fills_ = false;  // an organization that is not open
};

// A transaction on the tables that no organization owns.
class SqliteDatabaseTransaction final : public RecordTransaction {
 public:
  explicit SqliteDatabaseTransaction(ConnectionLease reader);
  explicit SqliteDatabaseTransaction(WriteTurn writer);
  ~SqliteDatabaseTransaction() override;

  void commit() override;

  bool insert_record(RecordTable table, const Record& record) override;
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override;
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override;
  std::vector<Record> select_records(const RecordSelection& selection) override;
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override;

 private:
  SqliteRecords records() { return {*connection_, owner_}; }

  ConnectionLease reader_;
  std::optional<WriteTurn> writer_;
  Connection* connection_;  // that of `reader_` or of `writer_`
  RecordOwnerValues owner_;
};

}  // namespace struere
