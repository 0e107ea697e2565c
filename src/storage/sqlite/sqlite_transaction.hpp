// One transaction on one connection, inside one scope.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/companion.hpp"
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
  // `scope` is the number of the scope, `organization` its organization, which owns what both environments share.
  SqliteTransaction(ConnectionLease reader, std::int64_t scope, const std::string& organization);
  // `after_commit` is called if definitions left field keys to be built, once they are durable; it must not throw.
  SqliteTransaction(WriteTurn writer, std::int64_t scope, const std::string& organization,
                    std::function<void()> after_commit = {});
  // Part of a larger write on that connection, which calls before_commit() and commits.
  SqliteTransaction(Connection& part_of, std::int64_t scope, const std::string& organization)
      : connection_(&part_of), scope_(scope), owner_{scope, organization} {}
  ~SqliteTransaction() override;

  void commit() override;
  // Writes what is kept of the whole transaction.
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

  bool link(const std::string& from, const std::string& relation, const std::string& to) override;
  bool unlink(const std::string& from, const std::string& relation, const std::string& to) override;
  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override;
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override;

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

 private:
  // A statement whose first parameter is the scope, already bound: the only way to one in here.
  Statement scoped(std::string_view sql);
  // `values` must outlive the statement.
  Statement scoped(std::string_view sql, const std::vector<SelectionParameter>& parameters, SlotValues& values);
  SqliteRecords records() { return {*connection_, owner_}; }
  void note_change(RecordTable table);
  std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override;
  // What a write of a row of this type has to keep up besides its field keys.
  struct KeptUp {
    EntityTypeKey type;
    bool has_unique_keys, is_searched;
  };
  const KeptUp& kept_up(EntityTypeKey type);
  UniqueKeys unique_keys() { return {*connection_, scope_}; }
  SearchIndex search_index() { return {*connection_, scope_}; }
  // What to ask the search index first; nothing where that is more work than to look at the rows one by one. `page`
  // says that no more than a page of them is wanted.
  std::optional<std::string> candidates(const Selection& selection, bool page);
  void count_generation();

  ConnectionLease reader_;
  std::optional<WriteTurn> writer_;
  Connection* connection_;  // that of the one or of the other
  std::int64_t scope_;
  RecordOwnerValues owner_;
  bool has_counted_ = false;         // the generation up
  bool has_told_generation_ = true;  // since it was last counted up
  bool has_changed_runs_ = false;
  std::optional<std::uint64_t> keys_state_;  // of what keys_of() reads
  std::optional<KeptUp> kept_up_;            // of the type that was written last; forgotten with each change of it
  std::function<void()> after_commit_;
  bool has_keys_to_build_ = false;
};

// On the tables that no organization owns.
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
  Connection* connection_;  // that of the one or of the other
  RecordOwnerValues owner_;
};

}  // namespace struere
