// One transaction inside one scope.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/postgres/candidates.hpp"
#include "storage/postgres/expected_entities.hpp"
#include "storage/postgres/new_rows.hpp"
#include "storage/postgres/records.hpp"
#include "storage/postgres/scope_head.hpp"
#include "storage/postgres/type_keys.hpp"
#include "storage/postgres/unique_keys.hpp"
#include "storage/postgres/work.hpp"
#include "struere/spi/storage.hpp"

namespace struere::postgres {

class PostgresTransaction final : public Transaction {
 public:
  // A write waits for the scope's other writers here, and reads `first` along. `is_part`: another transaction commits.
  // `after_commit` is called if definitions left field keys to be built; it must not throw.
  PostgresTransaction(std::shared_ptr<Work> work, std::int64_t scope, const std::string& organization,
                      TypeKeyCache& known_keys, bool is_part = false, std::function<void()> after_commit = {},
                      const FirstLookups& first = {});
  ~PostgresTransaction() override = default;

  void commit() override;
  // Queues what is kept of the whole transaction.
  void before_commit();
  // What is to be done once a transaction of which this is a part is durable.
  void after_commit() noexcept;

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
  void expect_entities(EntityTypeKey type, const std::vector<const Json*>& data) override;
  void expect_lookups(const std::vector<std::string>& ids) override;
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

  ChainHead chain_head() override { return head_.chain_head(); }
  Timestamp last_time() override { return head_.last_time(); }
  void note_time(Timestamp now) override { head_.note_time(now); }
  void append_event(const EventRecord& event) override;
  std::vector<EventRecord> select_events(const EventSelection& selection) override;
  std::int64_t last_event_before(Timestamp time, std::int64_t after) override;
  void prune_events(const ChainHead& through) override { head_.set_log_start(through); }
  std::int64_t remove_pruned_events(std::int64_t most) override;
  ChainHead log_start() override { return head_.log_start(); }
  void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) override;
  void purge_payload(std::int64_t sequence, const Digest& payload_hash) override;

  std::vector<StoredEntity> scan_entities(const std::string& after, std::int64_t limit,
                                          std::size_t most_bytes) override;
  std::vector<StoredRelation> scan_relations(const std::optional<StoredRelation>& after, std::int64_t limit) override;
  void restore_event(const EventRecord& event) override;
  void clear_scope() override;
  // For Access::fill. Throws Error{not_found} if the organization is open.
  void require_unopened();

 private:
  // The connection, inside of the scope.
  Connection& connection() { return work_->in(scope_); }
  void lock_head(const FirstLookups& first);
  Connection::Ticket queue_entity(const std::string& id);
  void keep_entity(const Result& row, const std::string& id);
  // Sends what a long write has queued, so that it takes no memory without bound.
  void relieve();
  void restore_event_on_citus(const EventRecord& event, const Parameters& parameters);
  Records records() { return {*work_, owner_}; }
  Parameters parameters_of(const EventRecord& event) const;
  void note_change(RecordTable table);
  void count_generation();
  std::shared_ptr<const TypeKeys> keys_of(EntityTypeKey type);
  std::shared_ptr<const GrantView> view_of(const Selection& selection) {
    return work_->anywhere().grant_views().of(selection.grants);
  }
  std::vector<std::string> terms_of(const Selection& selection, const TypeKeys& keys) const;
  std::optional<std::string> own_entity_of(const OwnEntity::Candidate& candidate, const std::string& user_id,
                                           Timestamp& created_at);
  // What `query` answers with the keys of the type. Of a reader who has read nothing yet, with those that were known
  // last; where the answer shows that they have changed, once more.
  template <class Query>
  auto with_keys(EntityTypeKey type, Query&& query);
  Page page_of_id(const Selection& selection, RowDecider& decider);
  Page page_of(const Selection& selection, RowDecider& decider, const TypeKeys& keys);
  template <class Visit>
  void each_selected(const Selection& selection, RowDecider& decider, const TypeKeys& keys, Visit&& visit);

  std::shared_ptr<Work> work_;
  std::int64_t scope_;
  RecordOwnerValues owner_;
  TypeKeyCache& known_keys_;
  bool is_part_;
  std::function<void()> after_commit_;
  ScopeHead head_;
  std::optional<NewRows> new_rows_;  // of a write
  UniqueKeys unique_keys_;
  ExpectedEntities expected_;
  bool has_counted_ = false;         // the generation up
  bool has_told_generation_ = true;  // since it was last counted up
  bool has_changed_runs_ = false;
  bool has_keys_to_build_ = false;
  bool fills_ = false;                      // an organization that is not open
  std::optional<StoredEntity> last_found_;  // an update looks for what its checks have read
  std::map<EntityTypeKey, std::shared_ptr<const TypeKeys>> changed_keys_;  // of a transaction that changed definitions
};

// On the tables that no organization owns.
class PostgresDatabaseTransaction final : public RecordTransaction {
 public:
  explicit PostgresDatabaseTransaction(std::shared_ptr<Work> work) : work_(std::move(work)) {}

  void commit() override { work_->commit(); }

  bool insert_record(RecordTable table, const Record& record) override;
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override;
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override;
  std::vector<Record> select_records(const RecordSelection& selection) override;
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override;

 private:
  Records records() { return {*work_, owner_}; }

  std::shared_ptr<Work> work_;
  RecordOwnerValues owner_;
};

}  // namespace struere::postgres
