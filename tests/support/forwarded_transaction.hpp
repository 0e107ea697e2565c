// A transaction that hands everything on to another one, for tests that change or watch a part of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "struere/spi/transaction.hpp"

namespace struere::test {

class ForwardedTransaction : public Transaction {
 public:
  explicit ForwardedTransaction(std::unique_ptr<Transaction> transaction) : transaction_(std::move(transaction)) {}

  void commit() override { transaction_->commit(); }
  bool insert_record(RecordTable table, const Record& record) override {
    return transaction_->insert_record(table, record);
  }
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override {
    return transaction_->update_records(table, where, changes);
  }
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override {
    return transaction_->remove_records(table, where);
  }
  std::vector<Record> select_records(const RecordSelection& selection) override {
    return transaction_->select_records(selection);
  }
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override {
    return transaction_->sum_records(rollup);
  }
  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override {
    return transaction_->own_entity(own, user_id);
  }
  std::vector<EntityTypeKey> related_types(const std::string& id, const Hop& hop,
                                           const Interruption& interruption) override {
    return transaction_->related_types(id, hop, interruption);
  }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    return transaction_->related_ids(id, hop);
  }
  std::uint64_t generation() override { return transaction_->generation(); }
  void set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) override {
    transaction_->set_unique_keys(type, keys);
  }
  void set_field_keys(EntityTypeKey type, const std::vector<std::vector<std::string>>& paths) override {
    transaction_->set_field_keys(type, paths);
  }
  void rebuild_search(EntityTypeKey type) override { transaction_->rebuild_search(type); }
  bool has_entities(EntityTypeKey type) override { return transaction_->has_entities(type); }
  Page select(const Selection& selection) override { return transaction_->select(selection); }
  std::int64_t count(const Selection& selection) override { return transaction_->count(selection); }
  Aggregates aggregate(const Selection& selection, const Aggregation& aggregation) override {
    return transaction_->aggregate(selection, aggregation);
  }
  std::vector<std::string> plan_of(const Selection& selection) override { return transaction_->plan_of(selection); }
  std::optional<StoredEntity> find_entity(const std::string& id) override { return transaction_->find_entity(id); }
  std::optional<std::string> find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) override {
    return transaction_->find_by_key(type, key, data);
  }
  void expect_entities(EntityTypeKey type, const std::vector<const Json*>& data) override {
    transaction_->expect_entities(type, data);
  }
  void expect_lookups(const std::vector<std::string>& ids) override { transaction_->expect_lookups(ids); }
  void insert_entity(const StoredEntity& entity) override { transaction_->insert_entity(entity); }
  void update_entity(const StoredEntity& entity) override { transaction_->update_entity(entity); }
  void purge_entity(const std::string& id) override { transaction_->purge_entity(id); }
  std::int64_t count_ends(const std::string& id, std::int64_t most) override {
    return transaction_->count_ends(id, most);
  }
  bool link(const std::string& from, const std::string& relation, const std::string& to) override {
    return transaction_->link(from, relation, to);
  }
  bool unlink(const std::string& from, const std::string& relation, const std::string& to) override {
    return transaction_->unlink(from, relation, to);
  }
  ChainHead chain_head() override { return transaction_->chain_head(); }
  Timestamp last_time() override { return transaction_->last_time(); }
  void note_time(Timestamp now) override { transaction_->note_time(now); }
  void append_event(const EventRecord& event) override { transaction_->append_event(event); }
  std::vector<EventRecord> select_events(const EventSelection& selection) override {
    return transaction_->select_events(selection);
  }
  std::int64_t last_event_before(Timestamp time, std::int64_t after) override {
    return transaction_->last_event_before(time, after);
  }
  void prune_events(const ChainHead& through) override { transaction_->prune_events(through); }
  std::int64_t remove_pruned_events(std::int64_t most) override { return transaction_->remove_pruned_events(most); }
  ChainHead log_start() override { return transaction_->log_start(); }
  void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) override {
    transaction_->replay_events(which, visit);
  }
  void purge_payload(std::int64_t sequence, const Digest& payload_hash) override {
    transaction_->purge_payload(sequence, payload_hash);
  }

 private:
  std::unique_ptr<Transaction> transaction_;
};

}  // namespace struere::test
