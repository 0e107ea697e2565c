// The reference storage: std::map and the interpreter. Short before fast.
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <tuple>
#include <utility>

#include "core/digest.hpp"
#include "query/aggregator.hpp"
#include "query/unique_key.hpp"
#include "storage/memory/record_store.hpp"
#include "struere/core/error.hpp"
#include "struere/storage/memory.hpp"

namespace struere {
namespace {

struct ScopeData {
  std::uint64_t generation = 0;
  std::map<std::string, EntityType> types;  // by slug
  std::map<RoleId, RoleRecord> roles;
  std::map<std::pair<UserId, RoleId>, Assignment> assignments;
  std::map<std::string, StoredEntity> entities;                           // by id
  std::set<std::tuple<std::string, std::string, std::string>> relations;  // from, type, to
  std::vector<EventRecord> events;
  ChainHead log_start;
  Timestamp noted_time = 0;
  RecordStore records;
};

struct World {
  std::shared_mutex mutex;  // guards all of it
  std::map<std::pair<OrganizationId, Environment>, ScopeData> scopes;
  std::map<OrganizationId, Organization> organizations;
  std::map<UserId, User> users;
  std::map<std::pair<OrganizationId, UserId>, Membership> memberships;
  std::map<OrganizationId, RecordStore> shared_records;
  std::map<EventHash, ApiKey> api_keys;
  EntityTypeKey next_type_key = 1;
};

class MemoryTransaction final : public Transaction {
 public:
  MemoryTransaction(World& world, const Scope& scope, Access access)
      : world_(world), scope_(scope.organization(), scope.environment()), writes_(access != Access::read) {
    if (writes_) {
      writing_ = std::unique_lock(world.mutex);
      data_ = &world.scopes[scope_];
    } else {
      reading_ = std::shared_lock(world.mutex);
      const auto found = world.scopes.find(scope_);
      data_ = found == world.scopes.end() ? &empty_ : &found->second;
    }
  }
  // Part of a larger write, which holds the lock.
  MemoryTransaction(World& world, const OrganizationId& organization, Environment environment)
      : world_(world), scope_(organization, environment), writes_(true), data_(&world.scopes[scope_]) {}
  ~MemoryTransaction() override {
    while (!undo_.empty()) {
      undo_.back()();
      undo_.pop_back();
    }
  }

  void commit() override { undo_.clear(); }

  std::uint64_t generation() override { return data_->generation; }

  std::vector<EntityType> entity_types() override {
    std::vector<EntityType> out;
    for (const auto& [slug, type] : data_->types) out.push_back(type);
    return out;
  }
  std::vector<RoleRecord> roles() override {
    std::vector<RoleRecord> out;
    for (const auto& [id, role] : data_->roles) out.push_back(role);
    return out;
  }
  std::optional<RoleId> find_role(const std::string& name) override {
    for (const auto& [id, role] : data_->roles)
      if (role.name == name) return id;
    return std::nullopt;
  }
  void put_entity_type(const EntityType& type) override {
    EntityType stored = type;
    const auto found = data_->types.find(type.slug);
    stored.key = found == data_->types.end() ? world_.next_type_key++ : found->second.key;
    for (const UniqueKey& key : type.unique) {
      SharedValues shared(key);
      for (const auto& [id, row] : data_->entities)
        if (row.type == stored.key && !row.deleted) shared.add(parse_canonical_json(row.data));
      shared.require_none();
    }
    put(data_->types, type.slug, std::move(stored));
    count_generation();
  }
  bool has_entities(const EntityType& type) override {
    return std::ranges::any_of(data_->entities, [&](const auto& item) { return item.second.type == type.key; });
  }
  void remove_entity_type(const EntityType& type) override {
    if (has_entities(type))
      throw Error(ErrorCode::conflict,
                  "there are entities of this type, or deleted ones; a type stays as long as they do");
    drop(data_->types, type.slug);
    count_generation();
  }
  void put_role(const RoleRecord& role) override {
    put(data_->roles, role.id, role);
    count_generation();
  }
  void remove_role(const RoleId& role) override {
    std::vector<std::pair<UserId, RoleId>> given;
    for (const auto& [key, assignment] : data_->assignments)
      if (key.second == role) given.push_back(key);
    for (const auto& key : given) drop(data_->assignments, key);
    drop(data_->roles, role);
    count_generation();
  }
  bool is_member(const UserId& user) override { return world_.memberships.contains({scope_.first, user}); }
  std::vector<Assignment> assignments(const UserId& user) override {
    std::vector<Assignment> out;
    for (const auto& [key, assignment] : data_->assignments)
      if (key.first == user) {
        out.push_back(assignment);
        out.back().role_name = data_->roles.at(key.second).name;
      }
    std::ranges::sort(out, {}, &Assignment::role_name);
    return out;
  }
  std::vector<UserId> users_with_role(const RoleId& role) override {
    std::vector<UserId> out;
    for (const auto& [key, assignment] : data_->assignments)
      if (key.second == role) out.push_back(key.first);
    return out;
  }
  void put_assignment(const Assignment& assignment) override {
    put(data_->assignments, {assignment.user, assignment.role}, assignment);
  }
  bool remove_assignment(const UserId& user, const RoleId& role) override {
    return drop(data_->assignments, {user, role});
  }

  std::vector<ApiKey> api_keys() override {
    std::vector<ApiKey> out;
    for (const auto& [hash, key] : world_.api_keys)
      if (in_scope(key)) out.push_back(key);
    std::ranges::sort(out, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    return out;
  }
  void insert_api_key(const ApiKey& key, const EventHash& hash) override { put(world_.api_keys, hash, key); }
  void update_api_key(const ApiKey& changed) override {
    for (const auto& [hash, key] : world_.api_keys) {
      if (key.id != changed.id || !in_scope(key)) continue;
      ApiKey updated = key;
      updated.expires_at = changed.expires_at;
      updated.revoked_at = changed.revoked_at;
      return put(world_.api_keys, EventHash(hash), std::move(updated));
    }
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
      page.rows.push_back(masked_row(candidate.masks, *candidate.row));
      bytes += page.rows.back().data.view().size();
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
    std::vector<std::string> out;
    if (!is_alive(id)) return out;
    for (const auto& [from, relation, to] : data_->relations) {
      if (relation != hop.relation || (hop.backwards ? to : from) != id) continue;
      const std::string& far = hop.backwards ? from : to;
      if (is_alive(far)) out.push_back(far);
      if (out.size() > most_relations_visited) break;
    }
    std::ranges::sort(out);
    return out;
  }

  bool insert_record(RecordTable table, const Record& record) override {
    count_generation(table);
    return records(table).insert(shape_of(table), record, undo_);
  }
  std::int64_t update_records(RecordTable table, const std::vector<RecordCondition>& where,
                              const RecordChanges& changes) override {
    count_generation(table);
    return records(table).update(shape_of(table), where, changes, undo_);
  }
  std::int64_t remove_records(RecordTable table, const std::vector<RecordCondition>& where) override {
    count_generation(table);
    return records(table).remove(shape_of(table), where, undo_);
  }
  std::vector<Record> select_records(const RecordSelection& selection) override {
    return records(selection.table).select(selection);
  }
  std::vector<RecordGroup> sum_records(const RecordRollup& rollup) override {
    return records(rollup.table).sum(rollup);
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
    for (const EventRecord& event : data_->events) {
      throw_if_due(selection.interruption);
      if (static_cast<std::int64_t>(out.size()) == selection.limit || bytes >= selection.most_bytes) break;
      if (event.sequence <= std::max(selection.after, data_->log_start.sequence) || !is_asked_for(selection, event))
        continue;
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
    for (const EventRecord& event : std::ranges::subrange(first, data_->events.end()))
      if ((!which.entity || event.entity == which.entity) && !visit(event)) return;
  }
  void purge_payload(std::int64_t sequence, const EventHash& payload_hash) override {
    const auto event = std::ranges::lower_bound(data_->events, sequence, {}, &EventRecord::sequence);
    if (event == data_->events.end() || event->sequence != sequence) return;
    undo_.push_back([this, at = event - data_->events.begin(), old = *event] { data_->events[at] = old; });
    event->payload = "{}";
    event->salt.reset();
    event->payload_hash = payload_hash;
  }

 private:
  // Sets a value of a map, and remembers how it was.
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
  RecordStore& records(RecordTable table) {
    if (!shape_of(table).shared) return data_->records;
    if (writes_) return world_.shared_records[scope_.first];
    const auto found = world_.shared_records.find(scope_.first);
    return found == world_.shared_records.end() ? empty_.records : found->second;
  }
  void count_generation(RecordTable table) {
    if (shape_of(table).configuration) count_generation();
  }
  bool in_scope(const ApiKey& key) const {
    return key.organization == scope_.first && key.environment == scope_.second;
  }
  void require_free_keys(const StoredEntity& entity) {
    for (const auto& [slug, type] : data_->types)
      for (const UniqueKey& key : type.unique) {
        if (type.key != entity.type || entity.deleted) continue;
        const Json data = parse_canonical_json(entity.data);
        const auto value = unique_value(key, data);
        for (const auto& [id, row] : data_->entities)
          if (value && id != entity.id && row.type == type.key && !row.deleted &&
              unique_value(key, parse_canonical_json(row.data)) == value)
            throw_key_taken(key);
      }
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
    for (const auto& [id, row] : data_->entities) {
      throw_if_due(selection.interruption);
      if (row.deleted || row.type != selection.type || (selection.id && id != *selection.id)) continue;
      if (selection.ids && !std::ranges::binary_search(ids, id)) continue;
      const RowFields fields = fields_of(row);
      auto masks = admitting(*selection.grants, fields, selection.actor, *this);
      if (masks.empty()) continue;
      const RowFields view = masked_fields(masks, fields, MaskPurpose::query);
      if (!holds(selection.filter, view, selection.actor, *this) ||
          (selection.search && !matches(*selection.search, view)))
        continue;
      visit(row, view, std::move(masks));
    }
  }

  World& world_;
  std::pair<OrganizationId, Environment> scope_;
  bool writes_;
  ScopeData empty_;
  std::shared_lock<std::shared_mutex> reading_;
  std::unique_lock<std::shared_mutex> writing_;
  ScopeData* data_ = nullptr;
  Undo undo_;
};

class MemoryStorage final : public Storage, private SharedTables {
 public:
  MemoryStorage() { random_bytes(cursor_key_); }

  std::unique_ptr<Transaction> begin(const Scope& scope, Access access) override {
    return std::make_unique<MemoryTransaction>(world_, scope, access);
  }
  SharedTables& shared() override { return *this; }
  const CursorKey& cursor_key() override { return cursor_key_; }
  StorageReport check() override { return {}; }  // its types let no row be stored that another one misses

 private:
  template <class Map>
  auto find(const Map& map, const typename Map::key_type& key) -> std::optional<typename Map::mapped_type> {
    const std::shared_lock lock(world_.mutex);
    const auto found = map.find(key);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  }
  template <class Map>
  void insert(Map& map, const typename Map::key_type& key, const typename Map::mapped_type& value) {
    const std::unique_lock lock(world_.mutex);
    if (!map.emplace(key, value).second) throw Error(ErrorCode::conflict, "this id is taken; choose another");
  }

  std::optional<Organization> find_organization(const OrganizationId& id) override {
    return find(world_.organizations, id);
  }
  std::vector<Organization> organizations() override {
    const std::shared_lock lock(world_.mutex);
    std::vector<Organization> out;
    for (const auto& [id, organization] : world_.organizations) out.push_back(organization);
    return out;
  }
  void insert_organization(const Organization& organization) override {
    insert(world_.organizations, organization.id, organization);
  }
  std::optional<User> find_user(const UserId& id) override { return find(world_.users, id); }
  void insert_user(const User& user) override { insert(world_.users, user.id, user); }
  std::optional<Membership> find_membership(const OrganizationId& organization, const UserId& user) override {
    return find(world_.memberships, {organization, user});
  }
  std::vector<Membership> memberships(const OrganizationId& organization) override {
    const std::shared_lock lock(world_.mutex);
    std::vector<Membership> out;
    for (const auto& [key, membership] : world_.memberships)
      if (key.first == organization) out.push_back(membership);
    return out;
  }
  bool change_membership(const MembershipChange& change, const MembershipRecorder& record) override {
    const std::unique_lock lock(world_.mutex);
    const std::pair key(change.organization, change.user);
    const auto found = world_.memberships.find(key);
    const auto before = found == world_.memberships.end() ? std::nullopt : std::optional(found->second);
    if (before ? change.role == before->role : !change.role) return false;
    MemoryTransaction development(world_, change.organization, Environment::development);
    record(development, Environment::development, before);
    MemoryTransaction production(world_, change.organization, Environment::production);
    record(production, Environment::production, before);
    if (change.role)
      world_.memberships.insert_or_assign(
          key, Membership{change.organization, change.user, *change.role, before ? before->created_at : change.at});
    else
      world_.memberships.erase(key);
    development.commit();
    production.commit();
    return true;
  }
  std::vector<std::pair<OrganizationId, Environment>> scopes_with_due_runs(Timestamp now) override {
    const std::shared_lock lock(world_.mutex);
    std::vector<std::pair<OrganizationId, Environment>> out;
    for (const auto& [scope, data] : world_.scopes) {
      const auto due = [&, &records = data.records](const char* status) {
        const RecordCondition in_time{"due_at", RecordCondition::Comparison::less_or_equal, now};
        return !records.select({RecordTable::trigger_runs, {{"status", {}, status}, in_time}}).empty();
      };
      if (due("pending") || due("running")) out.push_back(scope);
    }
    return out;
  }
  std::optional<ApiKey> find_api_key(const EventHash& hash) override { return find(world_.api_keys, hash); }
  void touch_api_key(const EventHash& hash, Timestamp at) noexcept override {
    const std::unique_lock lock(world_.mutex);
    if (const auto found = world_.api_keys.find(hash); found != world_.api_keys.end()) found->second.last_used_at = at;
  }

  World world_;
  CursorKey cursor_key_{};
};

}  // namespace

std::unique_ptr<Storage> open_memory_storage() { return std::make_unique<MemoryStorage>(); }

}  // namespace struere
