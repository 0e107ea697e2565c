// The reference storage: std::map and the interpreter. It prefers short code to fast code.
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <span>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/digest.hpp"
#include "query/aggregator.hpp"
#include "query/relation_memory.hpp"
#include "storage/memory/record_store.hpp"
#include "struere/core/error.hpp"
#include "struere/spi/storage.hpp"
#include "struere/spi/unique_key.hpp"
#include "struere/storage/memory.hpp"

namespace struere {
namespace {

struct ScopeData {
  std::uint64_t generation = 0;
  std::map<std::string, StoredEntity> entities;                           // by id
  std::set<std::tuple<std::string, std::string, std::string>> relations;  // from, type, to
  std::vector<EventRecord> events;
  ChainHead log_start;
  Timestamp noted_time = 0;
  RecordStore records;
};

using ScopeName = std::pair<OrganizationId, Environment>;

struct World {
  std::shared_mutex mutex;  // guards all members
  std::map<ScopeName, ScopeData> scopes;
  std::map<OrganizationId, RecordStore> organizations;
  RecordStore database;

  bool is_open(const OrganizationId& id) const {
    return !database
                .select({RecordTable::organizations, {{"id", {}, id.str()}, {"unfinished_copy", {}, std::monostate()}}})
                .empty();
  }
  void require_organization(const OrganizationId& id, Access access) const {
    const bool exists = !database.select({RecordTable::organizations, {{"id", {}, id.str()}}}).empty();
    if (!exists || is_open(id) == (access == Access::fill))
      throw Error(ErrorCode::not_found,
                  "there is no such organization; create it with TrustedHost::create_organization");
  }
};

// Implements the record functions of `Interface` on the stores that this transaction may use.
template <class Interface>
class WithRecords : public Interface {
 public:
  ~WithRecords() override { undo(); }

  void commit() override { undo_.clear(); }

  bool insert_record(RecordTable table, const Record& record) override {
    return changed(table).insert(shape_of(table), record, undo_);
  }
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override {
    return changed(table).update(shape_of(table), where, changes, undo_);
  }
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override {
    return changed(table).remove(shape_of(table), where, undo_);
  }
  std::vector<Record> select_records(const RecordSelection& selection) override {
    return read(selection.table).select(selection);
  }
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override { return read(rollup.table).sum(rollup); }

 protected:
  static constexpr bool in_scope = std::is_same_v<Interface, Transaction>;

  virtual RecordStore& store(const RecordShape& shape) = 0;
  virtual void note_change(const RecordShape&) {}

  void undo() {
    while (!undo_.empty()) {
      undo_.back()();
      undo_.pop_back();
    }
  }

  Undo undo_;

 private:
  RecordStore& read(RecordTable table) {
    require_access(shape_of(table), in_scope, false);
    return store(shape_of(table));
  }
  RecordStore& changed(RecordTable table) {
    require_access(shape_of(table), in_scope, true);
    note_change(shape_of(table));
    return store(shape_of(table));
  }
};

class MemoryDatabaseTransaction final : public WithRecords<RecordTransaction> {
 public:
  MemoryDatabaseTransaction(World& world, Access access) : world_(world) {
    if (!is_write(access))
      reading_ = std::shared_lock(world.mutex);
    else
      writing_ = std::unique_lock(world.mutex);
  }
  ~MemoryDatabaseTransaction() override { undo(); }  // while the lock is held

 private:
  RecordStore& store(const RecordShape&) override { return world_.database; }

  World& world_;
  std::shared_lock<std::shared_mutex> reading_;
  std::unique_lock<std::shared_mutex> writing_;
};

class MemoryTransaction final : public WithRecords<Transaction> {
 public:
  MemoryTransaction(World& world, const Scope& scope, Access access)
      : world_(world),
        scope_(scope.organization(), scope.environment()),
        writes_(is_write(access)),
        fills_(access == Access::fill) {
    if (writes_)
      writing_ = std::unique_lock(world.mutex);
    else
      reading_ = std::shared_lock(world.mutex);
    world.require_organization(scope_.first, access);
    const auto found = world.scopes.find(scope_);
    data_ = writes_ ? &world.scopes[scope_] : found == world.scopes.end() ? &empty_ : &found->second;
  }
  // A part of a joint transaction, which holds the lock and commits.
  MemoryTransaction(World& world, const Scope& scope)
      : world_(world), scope_(scope.organization(), scope.environment()), writes_(true), is_part_(true) {
    world.require_organization(scope_.first, Access::write);
    data_ = &world.scopes[scope_];
  }
  ~MemoryTransaction() override { undo(); }  // while the lock is held

  void commit() override {
    if (is_part_) throw std::logic_error("a part of a joint transaction was committed");
    finish();
  }
  void finish() { undo_.clear(); }

  std::uint64_t generation() override { return data_->generation; }

  void set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) override {
    for (const UniqueKey& key : keys) {
      SharedValues shared(key);
      for (const auto& [id, row] : data_->entities)
        if (row.type == type && !row.deleted) shared.add(parse_canonical_json(row.data));
      shared.require_none();
    }
    const RecordShape& shape = shape_of(RecordTable::unique_keys);
    data_->records.remove(shape, std::vector<RecordCondition>{{"type_key", {}, type}}, undo_);
    std::int64_t position = 0;
    for (const UniqueKey& key : keys) {
      ++position;
      data_->records.insert(shape, {type, position, position, canonical_json(Json(key))}, undo_);
    }
    count_generation();
  }
  bool has_entities(EntityTypeKey type) override {
    return std::ranges::any_of(data_->entities, [&](const auto& item) { return item.second.type == type; });
  }

  Page select(const Selection& selection) override {
    struct Candidate {
      Position position;
      const StoredEntity* row;
      std::vector<const Mask*> masks;
      std::vector<std::optional<Json>> values;
    };
    std::vector<Candidate> found;
    const auto before = [&](const Position& a, const Position& b) {
      for (std::size_t i = 0; i < selection.order.size(); ++i)
        if (a[i] != b[i]) return selection.order[i].descending ? a[i] > b[i] : a[i] < b[i];
      return false;
    };
    each_in_view(selection, [&](const StoredEntity& row, const RowFields& view, std::vector<const Mask*> masks) {
      Position position;
      for (const OrderKey& key : selection.order) position.push_back(sort_key(view.find(key.field)));
      if (selection.after && !before(*selection.after, position)) return;
      std::vector<std::optional<Json>> values;
      for (const FieldPath& field : selection.values) {
        const Json* value = view.find(field);
        values.push_back(value ? std::optional(*value) : std::nullopt);
      }
      found.push_back({std::move(position), &row, std::move(masks), std::move(values)});
    });
    std::ranges::sort(found, before, &Candidate::position);
    Page page;
    std::size_t bytes = 0;
    for (Candidate& candidate : found) {
      if (static_cast<std::int64_t>(page.rows.size()) == selection.limit || bytes >= selection.most_bytes) {
        page.next = found[page.rows.size() - 1].position;
        break;
      }
      page.rows.emplace_back(selection.type_slug, masked_row(candidate.masks, *candidate.row));
      bytes += json_view(page.rows.back()).size();
      if (!selection.values.empty()) page.values.push_back(std::move(candidate.values));
      if (selection.with_positions) page.positions.push_back(candidate.position);
    }
    return page;
  }
  std::int64_t count(const Selection& selection) override {
    std::int64_t n = 0;
    each_in_view(selection, [&](const StoredEntity&, const RowFields&, const std::vector<const Mask*>&) { ++n; });
    return n;
  }
  Aggregates aggregate(const Selection& selection, const Aggregation& aggregation) override {
    Aggregator aggregator(aggregation);
    each_in_view(selection, [&](const StoredEntity&, const RowFields& view, const std::vector<const Mask*>&) {
      aggregator.add(view);
    });
    return aggregator.finish();
  }
  std::optional<StoredEntity> find_entity(const std::string& id) override {
    const auto found = data_->entities.find(id);
    return found == data_->entities.end() ? std::nullopt : std::optional(found->second);
  }
  void insert_entity(const StoredEntity& entity) override {
    if (data_->entities.contains(entity.id))
      throw Error(ErrorCode::storage, "an id came twice; the id source must never repeat one");
    require_free_keys(entity);
    put(data_->entities, entity.id, entity);
  }
  void update_entity(const StoredEntity& entity) override {
    require_free_keys(entity);
    put(data_->entities, entity.id, entity);
  }
  std::optional<std::string> find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) override {
    const auto value = unique_value(key, data);
    for (const auto& [id, row] : data_->entities)
      if (value && row.type == type && !row.deleted && unique_value(key, parse_canonical_json(row.data)) == value)
        return id;
    return std::nullopt;
  }
  void purge_entity(const std::string& id) override {
    drop(data_->entities, id);
    undo_.push_back([this, relations = data_->relations] { data_->relations = relations; });
    std::erase_if(data_->relations,
                  [&](const auto& relation) { return std::get<0>(relation) == id || std::get<2>(relation) == id; });
    remove_records(RecordTable::trigger_runs, {{"entity_id", {}, id}});
  }

  std::int64_t count_ends(const std::string& id, std::int64_t most) override {
    std::int64_t out = 0;
    for (const auto& [from, relation, to] : data_->relations) out += (from == id) + (to == id);
    for (const EventRecord& event : data_->events) out += event.other_end == id;
    return std::min(out, most);
  }

  bool link(const std::string& from, const std::string& relation, const std::string& to) override {
    const auto [at, inserted] = data_->relations.emplace(from, relation, to);
    if (inserted) undo_.push_back([this, key = *at] { data_->relations.erase(key); });
    return inserted;
  }
  bool unlink(const std::string& from, const std::string& relation, const std::string& to) override {
    const auto found = data_->relations.find({from, relation, to});
    if (found == data_->relations.end()) return false;
    undo_.push_back([this, key = *found] { data_->relations.insert(key); });
    data_->relations.erase(found);
    return true;
  }

  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override {
    const Json wanted = user_id;
    const StoredEntity* first = nullptr;
    for (const auto& [id, row] : data_->entities) {
      if (row.deleted || row.status != "active") continue;
      for (const OwnEntity::Candidate& candidate : own.candidates) {
        if (candidate.type != row.type) continue;
        const Json* value = nullptr;
        const RowFields fields = fields_of(row);
        value = fields.find(candidate.user_id_field);
        if (!compare(value, Operator::eq, wanted)) continue;
        if (!first || std::tie(row.created_at, row.id) < std::tie(first->created_at, first->id)) first = &row;
      }
    }
    return first ? std::optional(first->id) : std::nullopt;
  }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    std::vector<std::pair<Timestamp, std::string>> found;
    if (!is_alive(id)) return {};
    const auto& all = data_->relations;
    for (auto at = hop.backwards ? all.begin() : all.lower_bound({id, hop.relation, ""}); at != all.end(); ++at) {
      const auto& [from, relation, to] = *at;
      if (!hop.backwards && (from != id || relation != hop.relation)) break;
      if (relation != hop.relation || (hop.backwards ? to : from) != id) continue;
      const std::string& far = hop.backwards ? from : to;
      if (is_alive(far)) found.emplace_back(data_->entities.at(far).created_at, far);
      if (found.size() > most_relations_visited) break;
    }
    std::ranges::sort(found);
    std::vector<std::string> out;
    for (auto& [created_at, far] : found) out.push_back(std::move(far));
    return out;
  }

  ChainHead chain_head() override {
    if (data_->events.empty()) return {};
    return {data_->events.back().sequence, data_->events.back().hash};
  }
  Timestamp last_time() override {
    return std::max(data_->noted_time, data_->events.empty() ? 0 : data_->events.back().created_at);
  }
  void note_time(Timestamp now) override {
    undo_.push_back([this, before = data_->noted_time] { data_->noted_time = before; });
    data_->noted_time = now;
  }
  void append_event(const EventRecord& event) override {
    data_->events.push_back(event);
    undo_.push_back([this] { data_->events.pop_back(); });
  }
  std::vector<EventRecord> select_events(const EventSelection& selection) override {
    std::vector<EventRecord> out;
    std::size_t bytes = 0;
    throw_if_due(selection.interruption);
    const auto end_of = [&](std::int64_t sequence) {  // of the events up to this one
      return std::ranges::upper_bound(data_->events, sequence, {}, &EventRecord::sequence);
    };
    const auto first = end_of(std::max(selection.after, data_->log_start.sequence));
    const auto end = selection.before ? std::max(first, end_of(*selection.before - 1)) : data_->events.end();
    for (auto i = end - first; i > 0; --i) {
      const EventRecord& event = selection.newest_first ? first[i - 1] : end[-i];
      throw_if_due(selection.interruption);
      if (static_cast<std::int64_t>(out.size()) == selection.limit || bytes >= selection.most_bytes) break;
      if (!is_asked_for(selection, event)) continue;
      std::vector<const Mask*> masks;
      if (event.entity) masks = admitting_masks(selection, *event.entity);
      if (event.entity ? masks.empty() : !selection.others) continue;
      if (event.other_end && admitting_masks(selection, *event.other_end).empty()) continue;
      out.push_back(event);
      if (event.entity && !event.other_end) out.back().payload = masked_payload(event.payload, masks);
      bytes += out.back().payload.size();
    }
    return out;
  }
  ChainHead log_start() override { return data_->log_start; }
  void prune_events(const ChainHead& through) override {
    undo_.push_back([this, start = data_->log_start] { data_->log_start = start; });
    data_->log_start = through;
  }
  std::int64_t remove_pruned_events(std::int64_t most) override {
    auto& events = data_->events;
    const auto kept = std::ranges::upper_bound(events, data_->log_start.sequence, {}, &EventRecord::sequence);
    const auto end = kept - events.begin() > most ? events.begin() + most : kept;
    undo_.push_back(
        [&events, old = std::vector(events.begin(), end)] { events.insert(events.begin(), old.begin(), old.end()); });
    const std::int64_t removed = end - events.begin();
    events.erase(events.begin(), end);
    return removed;
  }
  void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) override {
    const auto first = std::ranges::upper_bound(data_->events, std::max(which.after, data_->log_start.sequence), {},
                                                &EventRecord::sequence);
    for (const EventRecord& event : std::span(first, data_->events.end()))
      if ((!which.entity || event.entity == which.entity) && !visit(event)) return;
  }
  void purge_payload(std::int64_t sequence, const Digest& payload_hash) override {
    const auto event = std::ranges::lower_bound(data_->events, sequence, {}, &EventRecord::sequence);
    if (event == data_->events.end() || event->sequence != sequence) return;
    undo_.push_back([this, at = event - data_->events.begin(), old = *event] { data_->events[at] = old; });
    event->payload = "{}";
    event->salt.reset();
    event->payload_hash = payload_hash;
  }

  std::vector<StoredEntity> scan_entities(const std::string& after, std::int64_t limit,
                                          std::size_t most_bytes) override {
    std::vector<StoredEntity> out;
    std::size_t bytes = 0;
    for (auto at = data_->entities.upper_bound(after); at != data_->entities.end(); ++at) {
      if (static_cast<std::int64_t>(out.size()) == limit || bytes >= most_bytes) break;
      bytes += out.emplace_back(at->second).data.size();
    }
    return out;
  }
  std::vector<StoredRelation> scan_relations(const std::optional<StoredRelation>& after, std::int64_t limit) override {
    const auto& all = data_->relations;
    std::vector<StoredRelation> out;
    for (auto at = after ? all.upper_bound({after->from, after->relation, after->to}) : all.begin(); at != all.end();
         ++at) {
      if (static_cast<std::int64_t>(out.size()) == limit) break;
      out.push_back({std::get<0>(*at), std::get<1>(*at), std::get<2>(*at)});
    }
    return out;
  }
  void restore_event(const EventRecord& event) override { append_event(event); }  // a row that is missing was purged
  void clear_scope() override {
    if (!fills_) throw std::logic_error("a scope that is open was to be cleared");
    remove_records(RecordTable::trigger_runs, {});
    undo_.push_back([this, before = *data_] { *data_ = before; });
    data_->entities.clear();
    data_->relations.clear();
    data_->events.clear();
    data_->log_start = {};
    data_->noted_time = 0;
  }

 private:
  // Sets a value of a map and records how to undo it.
  template <class Map>
  void put(Map& map, const typename Map::key_type& key, typename Map::mapped_type value) {
    const auto found = map.find(key);
    if (found == map.end()) {
      map.emplace(key, std::move(value));
      undo_.push_back([&map, key] { map.erase(key); });
    } else {
      undo_.push_back([&map, key, old = found->second] { map.insert_or_assign(key, old); });
      found->second = std::move(value);
    }
  }
  template <class Map>
  bool drop(Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    if (found == map.end()) return false;
    undo_.push_back([&map, key, old = found->second] { map.insert_or_assign(key, old); });
    map.erase(found);
    return true;
  }
  void count_generation() {
    ++data_->generation;
    undo_.push_back([this] { --data_->generation; });
  }
  RecordStore& store(const RecordShape& shape) override {
    if (shape.owner == RecordOwner::scope) return data_->records;
    if (writes_) return world_.organizations[scope_.first];
    const auto found = world_.organizations.find(scope_.first);
    return found == world_.organizations.end() ? empty_.records : found->second;
  }
  void note_change(const RecordShape& shape) override {
    if (shape.configuration) count_generation();
  }
  std::vector<UniqueKey> unique_keys(EntityTypeKey type) const {
    std::vector<UniqueKey> out;
    const RecordShape& shape = shape_of(RecordTable::unique_keys);
    for (const Record& record : data_->records.select({shape.table, {{"type_key", {}, type}}, {"position"}}))
      out.push_back(parse_canonical_json(std::get<std::string>(record.at(column_of(shape, "paths")))).get<UniqueKey>());
    return out;
  }
  void require_free_keys(const StoredEntity& entity) {
    if (entity.deleted) return;
    for (const UniqueKey& key : unique_keys(entity.type))
      if (const auto holder = find_by_key(entity.type, key, parse_canonical_json(entity.data));
          holder && *holder != entity.id)
        throw_key_taken(key);
  }
  bool is_alive(const std::string& id) const {
    const auto found = data_->entities.find(id);
    return found != data_->entities.end() && !found->second.deleted;
  }
  std::vector<const Mask*> admitting_masks(const EventSelection& selection, const std::string& id) {
    static const Mask shows_all;
    const auto row = data_->entities.find(id);
    if (row == data_->entities.end()) return selection.purged ? std::vector{&shows_all} : std::vector<const Mask*>();
    for (const EventSelection::TypeGrants& type : selection.types)
      if (type.type == row->second.type) return admitting(*type.grants, fields_of(row->second), selection.actor, *this);
    return {};
  }
  static void throw_if_due(const Interruption& interruption) {
    if (interruption.may_come() && interruption.is_due())
      throw Error(ErrorCode::storage, "the query was stopped, or took longer than its timeout; narrow it").transient();
  }
  template <class Visit>
  void each_in_view(const Selection& selection, Visit&& visit) {
    throw_if_due(selection.interruption);
    std::vector<std::string> ids;
    if (selection.ids) ids = *selection.ids;
    std::ranges::sort(ids);
    RelationMemory relations(*this);
    const auto& all = data_->entities;
    const auto [first, end] = selection.id ? all.equal_range(*selection.id) : std::pair(all.begin(), all.end());
    for (auto at = first; at != end; ++at) {
      const auto& [id, row] = *at;
      throw_if_due(selection.interruption);
      if (row.deleted || row.type != selection.type) continue;
      if (selection.ids && !std::ranges::binary_search(ids, id)) continue;
      const RowFields fields = fields_of(row);
      auto masks = admitting(*selection.grants, fields, selection.actor, relations);
      if (masks.empty()) continue;
      const RowFields view = masked_fields(masks, fields, MaskPurpose::query);
      if (!holds(selection.filter, view, selection.actor, relations) ||
          (selection.search && !matches(*selection.search, view)))
        continue;
      visit(row, view, std::move(masks));
    }
  }

  World& world_;
  ScopeName scope_;
  bool writes_;
  bool fills_ = false;
  bool is_part_ = false;
  ScopeData empty_;
  std::shared_lock<std::shared_mutex> reading_;
  std::unique_lock<std::shared_mutex> writing_;
  ScopeData* data_ = nullptr;
};

class MemoryJointTransaction final : public JointTransaction {
 public:
  MemoryJointTransaction(World& world, const std::vector<Scope>& scopes) : writing_(world.mutex) {
    for (const Scope& scope : scopes) parts_.push_back(std::make_unique<MemoryTransaction>(world, scope));
  }

  Transaction& part(std::size_t position) override { return *parts_.at(position); }
  void commit() override {
    for (const auto& part : parts_) part->finish();
  }

 private:
  std::unique_lock<std::shared_mutex> writing_;
  std::vector<std::unique_ptr<MemoryTransaction>> parts_;
};

class MemoryStorage final : public Storage {
 public:
  MemoryStorage() { random_bytes(cursor_key_); }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    return std::make_unique<MemoryTransaction>(world_, scope, access);
  }
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    return std::make_unique<MemoryJointTransaction>(world_, scopes);
  }
  std::unique_ptr<RecordTransaction> begin_database(Access access) override {
    return std::make_unique<MemoryDatabaseTransaction>(world_, access);
  }

  std::optional<FoundApiKey> find_api_key(const Digest& hash) override {
    const std::shared_lock lock(world_.mutex);
    for (const auto& [scope, data] : world_.scopes)
      for (const Record& record : data.records.select({RecordTable::api_keys, of_hash(hash)}))
        if (world_.is_open(scope.first)) return FoundApiKey{scope.first, scope.second, data.generation, record};
    return std::nullopt;
  }
  void touch_api_key(const Digest& hash, Timestamp at) noexcept override {
    try {
      const std::unique_lock lock(world_.mutex);
      Undo undo;
      for (auto& [scope, data] : world_.scopes)
        data.records.update(shape_of(RecordTable::api_keys), of_hash(hash), {{"last_used_at", at}}, undo);
    } catch (const std::exception&) {  // no memory: the next use of the key is recorded instead
    }
  }
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    const std::shared_lock lock(world_.mutex);
    std::vector<std::pair<OrganizationId, Environment>> out;
    for (const auto& [scope, data] : world_.scopes) {
      const auto due = [&, &records = data.records](const char* status) {
        const RecordCondition in_time{"due_at", RecordCondition::Comparison::less_or_equal, now};
        return !records.select({RecordTable::trigger_runs, {{"status", {}, status}, in_time}}).empty();
      };
      if ((due("pending") || due("running")) && world_.is_open(scope.first)) out.push_back(scope);
    }
    return out;
  }

  const Digest& cursor_key() override { return cursor_key_; }

 private:
  static std::vector<RecordCondition> of_hash(const Digest& hash) {
    return {{"hash", {}, RecordBytes{{reinterpret_cast<const char*>(hash.data()), hash.size()}}}};
  }

  World world_;
  Digest cursor_key_{};
};

}  // namespace

std::unique_ptr<Storage> open_memory_storage() { return std::make_unique<MemoryStorage>(); }

}  // namespace struere
