// One transaction on one connection, inside one scope.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "storage/sqlite/connection.hpp"
#include "storage/sqlite/field_keys.hpp"
#include "storage/sqlite/group_commit.hpp"
#include "storage/sqlite/search_index.hpp"
#include "storage/sqlite/selection_parameter.hpp"
#include "storage/sqlite/unique_keys.hpp"
#include "struere/storage/storage.hpp"

namespace struere {

class SqliteTransaction final : public Transaction, private KeySource {
 public:
  // `scope` is the number of the scope, `organization` its organization, which owns what both environments share.
  SqliteTransaction(ConnectionLease reader, std::int64_t scope, std::string organization);
  // `after_commit` is called if definitions left field keys to be built, once they are durable; it must not throw.
  SqliteTransaction(WriteTurn writer, std::int64_t scope, std::string organization,
                    std::function<void()> after_commit = {});
  // Part of a larger write on that connection, which commits it.
  SqliteTransaction(Connection& part_of, std::int64_t scope, std::string organization)
      : connection_(&part_of), scope_(scope), organization_(std::move(organization)) {}
  ~SqliteTransaction() override;

  void commit() override;

  std::uint64_t generation() override;
  std::vector<EntityType> entity_types() override;
  std::vector<RoleRecord> roles() override;
  std::optional<RoleId> find_role(const std::string& name) override;
  void put_entity_type(const EntityType& type) override;
  bool has_entities(const EntityType& type) override;
  void remove_entity_type(const EntityType& type) override;
  void put_role(const RoleRecord& role) override;
  void remove_role(const RoleId& role) override;
  bool is_member(const UserId& user) override;
  std::vector<Assignment> assignments(const UserId& user) override;
  std::vector<UserId> users_with_role(const RoleId& role) override;
  void put_assignment(const Assignment& assignment) override;
  bool remove_assignment(const UserId& user, const RoleId& role) override;

  std::vector<ApiKey> api_keys() override;
  void insert_api_key(const ApiKey& key, const EventHash& hash) override;
  void update_api_key(const ApiKey& key) override;

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
  void purge_payload(std::int64_t sequence, const EventHash& payload_hash) override;

 private:
  // A statement whose first parameter is the scope, already bound: the only way to one in here.
  Statement scoped(std::string_view sql);
  // `values` must outlive the statement.
  Statement scoped(std::string_view sql, const std::vector<SelectionParameter>& parameters, SlotValues& values);
  // Likewise for a statement on records, whose first parameter is the owner of the table's rows.
  Statement owned(const RecordShape& shape, const std::string& sql, const std::vector<Parameter>& parameters);
  std::shared_ptr<const FieldKeys> keys_of(EntityTypeKey type) override;
  void redefine_keys(const std::set<std::string>& slugs);
  UniqueKeys unique_keys() { return {*connection_, scope_}; }
  SearchIndex search_index() { return {*connection_, scope_}; }
  // What to ask the search index first; nothing where that is more work than to look at the rows one by one. `page`
  // says that no more than a page of them is wanted.
  std::optional<std::string> candidates(const Selection& selection, bool page);
  void delete_parts_of_role(const RoleId& role);
  void insert_parts_of_role(const RoleRecord& role);
  void count_generation();
  void note_due_runs();
  EntityTypeKey key_of(const std::string& slug);             // of a type that is there
  std::set<std::string> types_of_rules(const RoleId& role);  // their slugs

  ConnectionLease reader_;
  std::optional<WriteTurn> writer_;
  Connection* connection_;  // that of the one or of the other
  std::int64_t scope_;
  std::string organization_;
  bool has_counted_ = false;  // the generation up
  bool has_changed_runs_ = false;
  std::optional<std::uint64_t> keys_state_;  // of what keys_of() reads
  std::function<void()> after_commit_;
  bool has_keys_to_build_ = false;
};

}  // namespace struere
