#include "snapshot_storage.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "records.hpp"
#include "struere/core/error.hpp"
#include "struere/query/interpreter.hpp"
#include "struere/spi/unique_key.hpp"

using namespace struere;

namespace {

// --- the stored data

struct ScopeRows {
  std::uint64_t generation = 0;
  std::map<std::string, StoredEntity> entities;                           // by id
  std::set<std::tuple<std::string, std::string, std::string>> relations;  // from, type, to
  std::vector<EventRecord> events;
  ChainHead log_start;
  Timestamp noted_time = 0;
  Tables tables;
};

using ScopeName = std::pair<OrganizationId, Environment>;

// Each write copies it. The rows of a scope are copied only by a write in that scope.
struct Snapshot {
  std::map<ScopeName, std::shared_ptr<const ScopeRows>> scopes;
  std::map<OrganizationId, Tables> organizations;
  Tables database;
};

struct Store {
  std::mutex writing;  // held by a write from its beginning to its end
  std::mutex mutex;    // guards `current`
  std::shared_ptr<const Snapshot> current = std::make_shared<const Snapshot>();

  std::shared_ptr<const Snapshot> latest() {
    const std::lock_guard lock(mutex);
    return current;
  }
  void publish(std::shared_ptr<const Snapshot> next) {
    const std::lock_guard lock(mutex);
    current = std::move(next);
  }
};

// The snapshot that a transaction works on: the latest one, or for a write a copy that no other transaction sees
// before the commit.
class Work {
 public:
  Work(Store& store, Access access) : store_(store) {
    if (access == Access::read) {
      seen_ = store.latest();
      return;
    }
    lock_ = std::unique_lock(store.writing);
    copy_ = std::make_shared<Snapshot>(*store.latest());
    seen_ = copy_;
  }

  const Snapshot& seen() const { return *seen_; }
  Snapshot& changed() {
    if (!copy_) throw std::logic_error("a transaction that reads was told to write");
    return *copy_;
  }
  bool writes() const { return copy_ != nullptr; }
  void commit() {
    if (!copy_) return;
    store_.publish(copy_);
    seen_ = copy_ = std::make_shared<Snapshot>(*copy_);
  }

 private:
  Store& store_;
  std::unique_lock<std::mutex> lock_;
  std::shared_ptr<Snapshot> copy_;
  std::shared_ptr<const Snapshot> seen_;
};

// --- records

template <class Interface>
class WithRecords : public Interface {
 public:
  bool insert_record(RecordTable table, const Record& record) override {
    return insert_row(changed(table), shape_of(table), record);
  }
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override {
    return update_rows(changed(table), shape_of(table), where, changes);
  }
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override {
    return remove_rows(changed(table), shape_of(table), where);
  }
  std::vector<Record> select_records(const RecordSelection& selection) override {
    return select_rows(read(selection.table), selection);
  }
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override {
    return sum_rows(read(rollup.table), rollup);
  }

 protected:
  virtual const Tables* tables(RecordOwner owner) = 0;  // nullptr: no tables exist yet
  virtual Tables& tables_to_change(const RecordShape& shape) = 0;

 private:
  static constexpr bool in_scope = std::is_same_v<Interface, Transaction>;

  const Rows& read(RecordTable table) {
    static const Rows none;
    require_access(shape_of(table), in_scope, false);
    const Tables* const found = tables(shape_of(table).owner);
    if (!found) return none;
    const auto rows = found->find(table);
    return rows == found->end() ? none : rows->second;
  }
  Rows& changed(RecordTable table) {
    require_access(shape_of(table), in_scope, true);
    return tables_to_change(shape_of(table))[table];
  }
};

class DatabaseTransaction final : public WithRecords<RecordTransaction> {
 public:
  DatabaseTransaction(Store& store, Access access) : work_(store, access) {}
  void commit() override { work_.commit(); }

 private:
  const Tables* tables(RecordOwner) override { return &work_.seen().database; }
  Tables& tables_to_change(const RecordShape&) override { return work_.changed().database; }

  Work work_;
};

// Whether there is one, and it is open or is still being copied from elsewhere.
bool has_organization(const Snapshot& snapshot, const OrganizationId& id, bool is_open) {
  const auto table = snapshot.database.find(RecordTable::organizations);
  if (table == snapshot.database.end()) return false;
  const auto found = table->second.find({id.str()});
  static const std::size_t unfinished = column_of(shape_of(RecordTable::organizations), "unfinished_copy");
  return found != table->second.end() && (found->second.at(unfinished).index() == 0) == is_open;
}

void require_organization(const Snapshot& snapshot, const OrganizationId& id, bool is_open) {
  if (!has_organization(snapshot, id, is_open))
    throw Error(ErrorCode::not_found, "there is no such organization; create it first");
}

// --- one scope

class ScopeTransaction final : public WithRecords<Transaction> {
 public:
  // `work` belongs to this transaction only, or to a joint transaction, which then commits it.
  ScopeTransaction(std::shared_ptr<Work> work, const Scope& scope, bool is_part, bool fills = false)
      : work_(std::move(work)), name_(scope.organization(), scope.environment()), is_part_(is_part), fills_(fills) {
    require_organization(work_->seen(), name_.first, !fills);
    const auto found = work_->seen().scopes.find(name_);
    if (work_->writes())
      work_->changed().scopes[name_] = copy_ = found == work_->seen().scopes.end()
                                                   ? std::make_shared<ScopeRows>()
                                                   : std::make_shared<ScopeRows>(*found->second);
    rows_ = copy_ ? copy_ : found == work_->seen().scopes.end() ? std::make_shared<ScopeRows>() : found->second;
  }

  void commit() override {
    if (is_part_) throw std::logic_error("a part of a joint transaction was committed");
    work_->commit();
    copy_.reset();  // published rows must not change any more
  }

  std::uint64_t generation() override { return rows_->generation; }

  void set_unique_keys(EntityTypeKey type, const std::vector<UniqueKey>& keys) override {
    for (const UniqueKey& key : keys) {
      SharedValues shared(key);
      for (const auto& [id, row] : rows_->entities)
        if (row.type == type && !row.deleted) shared.add(parse_canonical_json(row.data));
      shared.require_none();
    }
    const RecordShape& shape = shape_of(RecordTable::unique_keys);
    Rows& stored = change().tables[shape.table];
    remove_rows(stored, shape, {{"type_key", {}, type}});
    std::int64_t position = 0;
    for (const UniqueKey& key : keys) {
      ++position;
      insert_row(stored, shape, {type, position, position, canonical_json(Json(key))});
    }
    ++change().generation;
  }
  bool has_entities(EntityTypeKey type) override {
    return std::ranges::any_of(rows_->entities, [&](const auto& item) { return item.second.type == type; });
  }

  // --- entities

  Page select(const Selection& selection) override {
    struct Found {
      Position position;
      const StoredEntity* row;
      std::vector<const Mask*> masks;
      std::vector<std::optional<Json>> values;
    };
    const auto before = [&](const Position& a, const Position& b) {
      for (std::size_t i = 0; i < selection.order.size(); ++i)
        if (a[i] != b[i]) return selection.order[i].descending ? a[i] > b[i] : a[i] < b[i];
      return false;
    };
    std::vector<Found> found;
    each_in_view(selection, [&](const StoredEntity& row, const RowFields& view, std::vector<const Mask*> masks) {
      Found next{{}, &row, std::move(masks), {}};
      for (const OrderKey& key : selection.order) next.position.push_back(sort_key(view.find(key.field)));
      if (selection.after && !before(*selection.after, next.position)) return;
      for (const FieldPath& field : selection.values) {
        const Json* const value = view.find(field);
        next.values.push_back(value ? std::optional(*value) : std::nullopt);
      }
      found.push_back(std::move(next));
    });
    std::ranges::sort(found, before, &Found::position);
    Page page;
    std::size_t bytes = 0;
    for (Found& each : found) {
      if (std::cmp_equal(page.rows.size(), selection.limit) || bytes >= selection.most_bytes) {
        page.next = found[page.rows.size() - 1].position;
        break;
      }
      page.rows.emplace_back(selection.type_slug, masked_row(each.masks, *each.row));
      bytes += json_view(page.rows.back()).size();
      if (!selection.values.empty()) page.values.push_back(std::move(each.values));
      if (selection.with_positions) page.positions.push_back(each.position);
    }
    return page;
  }
  std::int64_t count(const Selection& selection) override {
    std::int64_t out = 0;
    each_in_view(selection, [&](const auto&...) { ++out; });
    return out;
  }
  Aggregates aggregate(const Selection& selection, const Aggregation& aggregation) override {
    std::vector<RowFields> rows;
    each_in_view(selection, [&](const StoredEntity&, const RowFields& view, const auto&) { rows.push_back(view); });
    return aggregated(aggregation, rows);
  }
  std::optional<StoredEntity> find_entity(const std::string& id) override {
    const auto found = rows_->entities.find(id);
    return found == rows_->entities.end() ? std::nullopt : std::optional(found->second);
  }
  std::optional<std::string> find_by_key(EntityTypeKey type, const UniqueKey& key, const Json& data) override {
    const auto value = unique_value(key, data);
    for (const auto& [id, row] : rows_->entities)
      if (value && row.type == type && !row.deleted && unique_value(key, parse_canonical_json(row.data)) == value)
        return id;
    return std::nullopt;
  }
  void insert_entity(const StoredEntity& entity) override {
    require_free_keys(entity);
    if (!change().entities.emplace(entity.id, entity).second)
      throw Error(ErrorCode::storage, "an id came twice; the id source must never repeat one");
  }
  void update_entity(const StoredEntity& entity) override {
    require_free_keys(entity);
    const auto found = change().entities.find(entity.id);
    if (found != change().entities.end()) found->second = entity;
  }
  void purge_entity(const std::string& id) override {
    change().entities.erase(id);
    std::erase_if(change().relations,
                  [&](const auto& relation) { return std::get<0>(relation) == id || std::get<2>(relation) == id; });
    remove_records(RecordTable::trigger_runs, {{"entity_id", {}, id}});
  }

  // --- relations

  bool link(const std::string& from, const std::string& relation, const std::string& to) override {
    return change().relations.emplace(from, relation, to).second;
  }
  bool unlink(const std::string& from, const std::string& relation, const std::string& to) override {
    return change().relations.erase({from, relation, to}) > 0;
  }
  std::optional<std::string> own_entity(const OwnEntity& own, const std::string& user_id) override {
    const Json wanted = user_id;
    const StoredEntity* first = nullptr;
    for (const auto& [id, row] : rows_->entities)
      for (const OwnEntity::Candidate& candidate : own.candidates) {
        if (row.deleted || row.status != "active" || candidate.type != row.type) continue;
        const RowFields fields = fields_of(row);
        if (!compare(fields.find(candidate.user_id_field), Operator::eq, wanted)) continue;
        if (!first || std::tie(row.created_at, row.id) < std::tie(first->created_at, first->id)) first = &row;
      }
    return first ? std::optional(first->id) : std::nullopt;
  }
  std::vector<std::string> related_ids(const std::string& id, const Hop& hop) override {
    std::vector<std::pair<Timestamp, std::string>> found;
    if (!is_alive(id)) return {};
    for (const auto& [from, relation, to] : rows_->relations) {
      if (relation != hop.relation || (hop.backwards ? to : from) != id) continue;
      const std::string& far = hop.backwards ? from : to;
      if (is_alive(far)) found.emplace_back(rows_->entities.at(far).created_at, far);
      if (found.size() > most_relations_visited) break;
    }
    std::ranges::sort(found);
    std::vector<std::string> out;
    for (auto& [created_at, far] : found) out.push_back(std::move(far));
    return out;
  }

  // --- the log

  ChainHead chain_head() override {
    if (rows_->events.empty()) return {};
    return {rows_->events.back().sequence, rows_->events.back().hash};
  }
  Timestamp last_time() override {
    return std::max(rows_->noted_time, rows_->events.empty() ? 0 : rows_->events.back().created_at);
  }
  void note_time(Timestamp now) override { change().noted_time = now; }
  void append_event(const EventRecord& event) override { change().events.push_back(event); }
  std::vector<EventRecord> select_events(const EventSelection& selection) override {
    std::vector<EventRecord> out;
    std::size_t bytes = 0;
    const auto& events = rows_->events;
    for (std::size_t i = 0; i < events.size(); ++i) {
      const EventRecord& event = events[selection.newest_first ? events.size() - 1 - i : i];
      require_time(selection.interruption);
      if (std::cmp_equal(out.size(), selection.limit) || bytes >= selection.most_bytes) break;
      if (event.sequence <= std::max(selection.after, rows_->log_start.sequence)) continue;
      if (selection.before && event.sequence >= *selection.before) continue;
      if (!is_asked_for(selection, event)) continue;
      const auto masks = event.entity ? masks_of(selection, *event.entity) : std::vector<const Mask*>();
      if (event.entity ? masks.empty() : !selection.others) continue;
      if (event.other_end && masks_of(selection, *event.other_end).empty()) continue;
      out.push_back(event);
      if (event.entity && !event.other_end) out.back().payload = masked_payload(event.payload, masks);
      bytes += out.back().payload.size();
    }
    return out;
  }
  void prune_events(const ChainHead& through) override { change().log_start = through; }
  std::int64_t remove_pruned_events(std::int64_t most) override {
    auto& events = change().events;
    const auto kept = std::ranges::upper_bound(events, rows_->log_start.sequence, {}, &EventRecord::sequence);
    const auto end = kept - events.begin() > most ? events.begin() + most : kept;
    const std::int64_t removed = end - events.begin();
    events.erase(events.begin(), end);
    return removed;
  }
  ChainHead log_start() override { return rows_->log_start; }
  void replay_events(const EventReplay& which, const std::function<bool(const EventRecord&)>& visit) override {
    for (const EventRecord& event : rows_->events)
      if (event.sequence > std::max(which.after, rows_->log_start.sequence) &&
          (!which.entity || event.entity == which.entity) && !visit(event))
        return;
  }
  void purge_payload(std::int64_t sequence, const Digest& payload_hash) override {
    for (EventRecord& event : change().events) {
      if (event.sequence != sequence) continue;
      event.payload = "{}";
      event.salt.reset();
      event.payload_hash = payload_hash;
    }
  }

  std::vector<StoredEntity> scan_entities(const std::string& after, std::int64_t limit,
                                          std::size_t most_bytes) override {
    std::vector<StoredEntity> out;
    std::size_t bytes = 0;
    for (auto at = rows_->entities.upper_bound(after); at != rows_->entities.end(); ++at) {
      if (static_cast<std::int64_t>(out.size()) == limit || bytes >= most_bytes) break;
      bytes += out.emplace_back(at->second).data.size();
    }
    return out;
  }
  std::vector<StoredRelation> scan_relations(const std::optional<StoredRelation>& after, std::int64_t limit) override {
    std::vector<StoredRelation> out;
    for (const auto& [from, relation, to] : rows_->relations)
      if (StoredRelation next{from, relation, to};
          static_cast<std::int64_t>(out.size()) < limit && (!after || *after < next))
        out.push_back(std::move(next));
    return out;
  }
  void restore_event(const EventRecord& event) override { append_event(event); }
  void clear_scope() override {
    if (!fills_) throw std::logic_error("a scope that is open was to be cleared");
    remove_records(RecordTable::trigger_runs, {});
    ScopeRows& rows = change();
    rows.entities.clear();
    rows.relations.clear();
    rows.events.clear();
    rows.log_start = {};
    rows.noted_time = 0;
  }

 private:
  const Tables* tables(RecordOwner owner) override {
    if (owner == RecordOwner::scope) return &rows_->tables;
    const auto found = work_->seen().organizations.find(name_.first);
    return found == work_->seen().organizations.end() ? nullptr : &found->second;
  }
  Tables& tables_to_change(const RecordShape& shape) override {
    if (shape.configuration) ++change().generation;
    return shape.owner == RecordOwner::scope ? change().tables : work_->changed().organizations[name_.first];
  }
  ScopeRows& change() {
    if (!copy_) throw std::logic_error("a transaction that reads, or has ended, was told to write");
    return *copy_;
  }

  void require_free_keys(const StoredEntity& entity) {
    if (entity.deleted) return;
    const RecordShape& shape = shape_of(RecordTable::unique_keys);
    for (const Record& stored : select_records({shape.table, {{"type_key", {}, entity.type}}, {"position"}})) {
      const auto key =
          parse_canonical_json(std::get<std::string>(stored.at(column_of(shape, "paths")))).get<UniqueKey>();
      const auto holder = find_by_key(entity.type, key, parse_canonical_json(entity.data));
      if (holder && *holder != entity.id) throw_key_taken(key);
    }
  }
  bool is_alive(const std::string& id) const {
    const auto found = rows_->entities.find(id);
    return found != rows_->entities.end() && !found->second.deleted;
  }
  static void require_time(const Interruption& interruption) {
    if (interruption.may_come() && interruption.is_due())
      throw Error(ErrorCode::storage, "the query was stopped, or took longer than its timeout; narrow it").transient();
  }
  // The masks that apply to an entity under the grants of a selection of events; empty if no grant admits it.
  std::vector<const Mask*> masks_of(const EventSelection& selection, const std::string& id) {
    static const Mask shows_all;
    const auto row = rows_->entities.find(id);
    if (row == rows_->entities.end()) return selection.purged ? std::vector{&shows_all} : std::vector<const Mask*>();
    for (const EventSelection::TypeGrants& type : selection.types)
      if (type.type == row->second.type) return admitting(*type.grants, fields_of(row->second), selection.actor, *this);
    return {};
  }
  template <class Visit>
  void each_in_view(const Selection& selection, Visit&& visit) {
    for (const auto& [id, row] : rows_->entities) {
      require_time(selection.interruption);
      if (row.deleted || row.type != selection.type || (selection.id && id != *selection.id)) continue;
      if (selection.ids && std::ranges::find(*selection.ids, id) == selection.ids->end()) continue;
      const RowFields fields = fields_of(row);
      auto masks = admitting(*selection.grants, fields, selection.actor, *this);
      if (masks.empty()) continue;
      const RowFields view = masked_fields(masks, fields, MaskPurpose::query);
      if (!holds(selection.filter, view, selection.actor, *this)) continue;
      if (selection.search && !matches(*selection.search, view)) continue;
      visit(row, view, std::move(masks));
    }
  }

  std::shared_ptr<Work> work_;
  ScopeName name_;
  bool is_part_, fills_;
  std::shared_ptr<ScopeRows> copy_;        // null in a transaction that reads
  std::shared_ptr<const ScopeRows> rows_;  // the copy, or the committed rows
};

class Joint final : public JointTransaction {
 public:
  Joint(Store& store, const std::vector<Scope>& scopes) : work_(std::make_shared<Work>(store, Access::write)) {
    for (const Scope& scope : scopes) parts_.push_back(std::make_unique<ScopeTransaction>(work_, scope, true));
  }
  Transaction& part(std::size_t position) override { return *parts_.at(position); }
  void commit() override { work_->commit(); }

 private:
  std::shared_ptr<Work> work_;
  std::vector<std::unique_ptr<ScopeTransaction>> parts_;
};

// --- the storage

class SnapshotStorage final : public Storage {
 public:
  SnapshotStorage() {
    std::random_device random;
    for (auto& byte : cursor_key_) byte = static_cast<std::remove_reference_t<decltype(byte)>>(random());
  }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    return std::make_unique<ScopeTransaction>(std::make_shared<Work>(store_, access), scope, false,
                                              access == Access::fill);
  }
  std::unique_ptr<JointTransaction> begin_joint(const std::vector<Scope>& scopes) override {
    return std::make_unique<Joint>(store_, scopes);
  }
  std::unique_ptr<RecordTransaction> begin_database(Access access) override {
    return std::make_unique<DatabaseTransaction>(store_, access);
  }

  std::optional<FoundApiKey> find_api_key(const Digest& hash) override {
    const auto snapshot = store_.latest();
    for (const auto& [name, rows] : snapshot->scopes)
      if (const auto table = rows->tables.find(RecordTable::api_keys);
          table != rows->tables.end() && has_organization(*snapshot, name.first, true))
        for (const Record& record : select_rows(table->second, {RecordTable::api_keys, of_hash(hash)}))
          return FoundApiKey{name.first, name.second, rows->generation, record};
    return std::nullopt;
  }
  void touch_api_key(const Digest& hash, Timestamp at) noexcept override {
    try {
      const auto found = find_api_key(hash);
      const std::unique_lock lock(store_.writing, std::try_to_lock);
      if (!found || !lock) return;  // does not wait for a writer
      auto next = std::make_shared<Snapshot>(*store_.latest());
      auto& rows = next->scopes.at({found->organization, found->environment});
      auto copy = std::make_shared<ScopeRows>(*rows);
      update_rows(copy->tables[RecordTable::api_keys], shape_of(RecordTable::api_keys), of_hash(hash),
                  {{"last_used_at", at}});
      rows = std::move(copy);
      store_.publish(std::move(next));
    } catch (const std::exception&) {  // no memory: the next use of the key is recorded instead
    }
  }
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    std::vector<std::pair<OrganizationId, Environment>> out;
    const auto snapshot = store_.latest();
    for (const auto& [name, rows] : snapshot->scopes) {
      const auto table = rows->tables.find(RecordTable::trigger_runs);
      if (table == rows->tables.end() || !has_organization(*snapshot, name.first, true)) continue;
      for (const char* const status : {"pending", "running"}) {
        const RecordCondition is_due{"due_at", RecordCondition::Comparison::less_or_equal, now};
        if (select_rows(table->second, {RecordTable::trigger_runs, {{"status", {}, status}, is_due}}).empty()) continue;
        out.push_back(name);
        break;
      }
    }
    return out;
  }

  const Digest& cursor_key() override { return cursor_key_; }

 private:
  static std::vector<RecordCondition> of_hash(const Digest& hash) {
    return {{"hash", {}, RecordBytes{{reinterpret_cast<const char*>(hash.data()), hash.size()}}}};
  }

  Store store_;
  Digest cursor_key_{};
};

}  // namespace

std::unique_ptr<Storage> open_snapshot_storage() { return std::make_unique<SnapshotStorage>(); }
