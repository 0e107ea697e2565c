#include "operations/scope_copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "core/digest.hpp"
#include "repository/log_verifier.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

constexpr std::size_t most_bytes_of_batch = 4U << 20;

[[noreturn]] void throw_changed(std::string_view table) {
  throw Error(ErrorCode::conflict,
              fmt::format("the source was written to after this copy began ({} differs); stop the programs that write "
                          "to it, and copy again with `restart`",
                          table));
}

[[noreturn]] void throw_different(std::string_view table) {
  throw Error(ErrorCode::storage,
              fmt::format("the copy is not opened, because its table `{}` differs from the source; stop the programs "
                          "that write to the source, and copy again with `restart`",
                          table));
}

auto fields_of_entity(const StoredEntity& e) {
  return std::tie(e.type, e.id, e.data, e.status, e.created_at, e.updated_at, e.version, e.deleted);
}

bool is_same(const StoredEntity& a, const StoredEntity& b) { return fields_of_entity(a) == fields_of_entity(b); }

bool is_same(const EventRecord& a, const EventRecord& b) {
  const auto fields = [](const EventRecord& e) {
    return std::tie(e.sequence, e.id, e.type, e.entity, e.other_end, e.actor_type, e.actor_id, e.payload, e.created_at,
                    e.hash, e.salt, e.payload_hash, e.impersonated_by, e.trace_id);
  };
  return fields(a) == fields(b);
}

std::vector<EventRecord> next_events(Transaction& transaction, std::int64_t after, std::int64_t limit) {
  std::vector<EventRecord> out;
  std::size_t bytes = 0;
  transaction.replay_events({.after = after}, [&](const EventRecord& event) {
    bytes += out.emplace_back(event).payload.size();
    return static_cast<std::int64_t>(out.size()) < limit && bytes < most_bytes_of_batch;
  });
  return out;
}

// Others have functions of their own, or are kept with the entities. An operator signs in again at the copy.
bool is_copied_as_records(const RecordShape& shape) {
  return shape.owner != RecordOwner::database && shape.table != RecordTable::unique_keys &&
         shape.table != RecordTable::operator_sessions;
}

}  // namespace

Json state_of(Storage& storage, const Scope& scope) {
  const auto transaction = storage.begin(scope, Access::read);
  const ChainHead head = transaction->chain_head();
  return {{"sequence", head.sequence}, {"hash", to_hex(head.hash)}, {"time", transaction->last_time()}};
}

// How the rows of a table are read in the order of their keys, and written.
template <class Row>
struct ScopeCopy::Table {
  using Key = std::conditional_t<std::is_same_v<Row, Record>, std::vector<RecordValue>,
                                 std::conditional_t<std::is_same_v<Row, StoredEntity>, std::string, StoredRelation>>;

  std::string_view name;
  std::function<std::vector<Row>(Transaction&, const std::optional<Key>& after)> read;
  std::function<Key(const Row&)> key;
  std::function<bool(const Row&, const Row&)> is_same;
  std::function<void(Transaction&, const Row&)> add;
  std::int64_t total = 0;
  std::function<void(Transaction&, const std::vector<Row>&)> expect = {};  // before those of a batch are added
};

ScopeCopy::Table<Record> ScopeCopy::record_table(const RecordShape& shape) const {
  std::vector<std::size_t> places;
  for (const std::string_view column : shape.key) places.push_back(column_of(shape, column));
  const auto key = [places](const Record& record) {
    std::vector<RecordValue> out;
    for (const std::size_t place : places) out.push_back(record.at(place));
    return out;
  };
  const auto read = [&shape, limit = options_.batch_rows](Transaction& transaction,
                                                          const std::optional<std::vector<RecordValue>>& after) {
    return transaction.select_records(
        {shape.table, {}, {shape.key.begin(), shape.key.end()}, false, after, limit, most_bytes_of_batch});
  };
  const auto is_same = [&shape](const Record& a, const Record& b) {
    if (shape.table != RecordTable::api_keys) return a == b;
    Record left = a, right = b;  // the source may be used meanwhile
    left[column_of(shape, "last_used_at")] = right[column_of(shape, "last_used_at")] = std::monostate();
    return left == right;
  };
  const auto add = [&shape](Transaction& transaction, const Record& record) {
    if (!transaction.insert_record(shape.table, record))
      throw Error(ErrorCode::conflict, fmt::format("a key of `{}` is taken in the target, perhaps by another "
                                                   "organization; nothing of it was opened",
                                                   shape.name));
  };
  const auto counted = source_->sum_records({shape.table});
  return {shape.name, read, key, is_same, add, counted.empty() ? 0 : counted.front().count};
}

ScopeCopy::Table<StoredEntity> ScopeCopy::entity_table() const {
  std::set<EntityTypeKey> with_unique_keys;
  const RecordShape& shape = shape_of(RecordTable::unique_keys);
  for (const Record& key : source_->select_records({shape.table}))
    with_unique_keys.insert(std::get<std::int64_t>(key.at(column_of(shape, "type_key"))));
  const auto expect = [with_unique_keys](Transaction& transaction, const std::vector<StoredEntity>& entities) {
    std::map<EntityTypeKey, std::vector<Json>> by_type;
    for (const StoredEntity& entity : entities)
      if (!entity.deleted && with_unique_keys.contains(entity.type))
        by_type[entity.type].push_back(parse_canonical_json(entity.data));
    for (const auto& [type, rows] : by_type) {
      std::vector<const Json*> data;
      for (const Json& row : rows) data.push_back(&row);
      transaction.expect_entities(type, data);
    }
  };
  return {"entities",
          [limit = options_.batch_rows](Transaction& transaction, const std::optional<std::string>& after) {
            return transaction.scan_entities(after.value_or(""), limit, most_bytes_of_batch);
          },
          [](const StoredEntity& entity) { return entity.id; },
          [](const StoredEntity& a, const StoredEntity& b) { return struere::is_same(a, b); },
          [](Transaction& transaction, const StoredEntity& entity) { transaction.insert_entity(entity); },
          0,
          expect};
}

ScopeCopy::Table<StoredRelation> ScopeCopy::relation_table() const {
  return {"entity_relations",
          [limit = options_.batch_rows](Transaction& transaction, const std::optional<StoredRelation>& after) {
            return transaction.scan_relations(after, limit);
          },
          [](const StoredRelation& relation) { return relation; }, std::equal_to<>(),
          [](Transaction& transaction, const StoredRelation& relation) {
            transaction.link(relation.from, relation.relation, relation.to);
          }};
}

void ScopeCopy::show(CopyProgress::Step step, std::string_view table, std::int64_t done, std::int64_t total) {
  if (options_.progress)
    options_.progress({step, scope_.organization(), scope_.environment(), std::string(table), done, total});
}

// Both are read in the order of the key. What the target holds is a part of what the source does.
template <class Row>
std::int64_t ScopeCopy::fill_table(const Table<Row>& table) {
  std::int64_t done = 0;
  std::optional<typename Table<Row>::Key> after;
  for (;;) {
    const std::vector<Row> rows = table.read(*source_, after);
    const auto transaction = target();
    const std::vector<Row> held = table.read(*transaction, after);
    if (rows.empty() && !held.empty()) throw_changed(table.name);
    if (rows.empty()) return done;
    auto known = held.begin();
    bool has_written = false;
    if (table.expect && held.empty()) table.expect(*transaction, rows);
    for (const Row& row : rows) {
      const auto key = table.key(row);
      if (known != held.end() && table.key(*known) < key) throw_changed(table.name);
      if (known == held.end() || key < table.key(*known)) {
        table.add(*transaction, row);
        has_written = true;
        continue;
      }
      if (!table.is_same(*known, row)) throw_changed(table.name);
      ++known;
    }
    if (has_written) transaction->commit();
    done += static_cast<std::int64_t>(rows.size());
    after = table.key(rows.back());
    show(CopyProgress::Step::copy, table.name, done, table.total);
  }
}

template <class Row>
std::int64_t ScopeCopy::verify_table(const Table<Row>& table) {
  std::int64_t done = 0;
  std::optional<typename Table<Row>::Key> after;
  for (;;) {
    const std::vector<Row> rows = table.read(*source_, after);
    if (!std::ranges::equal(rows, table.read(*target(), after), table.is_same)) throw_different(table.name);
    if (rows.empty()) return done;
    done += static_cast<std::int64_t>(rows.size());
    after = table.key(rows.back());
    show(CopyProgress::Step::verify, table.name, done, table.total);
  }
}

// In the order in which they refer to one another; what the environments share comes with development.
template <class Visit>
void ScopeCopy::each_table_before_entities(Visit&& visit) {
  for (const RecordOwner owner : {RecordOwner::organization, RecordOwner::scope})
    for (const RecordShape& shape : record_shapes())
      if (shape.owner == owner && is_copied_as_records(shape) && shape.table != RecordTable::trigger_runs &&
          (owner == RecordOwner::scope || scope_.environment() == Environment::development))
        visit(shape);
}

void ScopeCopy::fill() {
  source_ = from_.begin(scope_, Access::read);
  each_table_before_entities([&](const RecordShape& shape) { report_.records += fill_table(record_table(shape)); });
  fill_keys();
  report_.entities += fill_table(entity_table());
  report_.relations += fill_table(relation_table());
  report_.records += fill_table(record_table(shape_of(RecordTable::trigger_runs)));
  fill_events();
  source_.reset();
}

// What a storage keeps beside the rows, before there are any.
void ScopeCopy::fill_keys() {
  const auto transaction = target();
  const auto held = stored_entity_types(*transaction);
  for (const EntityType& type : stored_entity_types(*source_)) {
    const auto known = std::ranges::find(held, type.key, &EntityType::key);
    if (known == held.end() || known->unique != type.unique) transaction->set_unique_keys(type.key, type.unique);
    define_field_keys(*transaction, type);
  }
  transaction->commit();
}

void ScopeCopy::fill_events() {
  const ChainHead start = source_->log_start(), head = source_->chain_head();
  std::int64_t at = 0;
  {
    const auto transaction = target();
    at = transaction->chain_head().sequence;
    if (at > head.sequence) throw_changed("events");
    if (at == 0 && start.sequence > 0) {
      transaction->prune_events(start);
      transaction->commit();
    }
  }
  for (at = std::max(at, start.sequence);;) {
    const auto events = next_events(*source_, at, options_.batch_rows);
    const auto transaction = target();
    for (const EventRecord& event : events) transaction->restore_event(event);
    const Timestamp time = source_->last_time();
    if (events.empty() && transaction->last_time() < time) transaction->note_time(time);
    transaction->commit();
    if (events.empty()) return;
    at = events.back().sequence;
    show(CopyProgress::Step::copy, "events", at - start.sequence, head.sequence - start.sequence);
  }
}

void ScopeCopy::verify() {
  source_ = from_.begin(scope_, Access::read);
  each_table_before_entities([&](const RecordShape& shape) { verify_table(record_table(shape)); });
  verify_keys();
  verify_table(entity_table());
  verify_table(relation_table());
  verify_table(record_table(shape_of(RecordTable::trigger_runs)));
  verify_events();
  source_.reset();
}

// Their numbers are the storage's own.
void ScopeCopy::verify_keys() {
  const auto types = stored_entity_types(*source_), copied = stored_entity_types(*target());
  if (!std::ranges::equal(types, copied, {}, &EntityType::unique, &EntityType::unique)) throw_different("unique_keys");
}

void ScopeCopy::verify_events() {
  const ChainHead start = source_->log_start(), head = source_->chain_head();
  LogVerifier verifier(scope_, start);
  for (std::int64_t at = start.sequence;;) {
    const auto events = next_events(*source_, at, options_.batch_rows);
    const auto transaction = target();
    const auto copied = next_events(*transaction, at, options_.batch_rows);
    if (!std::ranges::equal(events, copied, [](const auto& a, const auto& b) { return is_same(a, b); }))
      throw_different("events");
    if (copied.empty()) {
      const Verification found = verifier.result(transaction->log_start(), transaction->chain_head());
      if (!found.ok)
        throw Error(ErrorCode::storage,
                    fmt::format("the copy is not opened, because the {} audit log of the source does not verify: {}",
                                to_string(scope_.environment()), found.problem));
      if (transaction->chain_head().hash != head.hash || transaction->last_time() != source_->last_time())
        throw_different("events");
      return;
    }
    report_.events += static_cast<std::int64_t>(copied.size());
    for (const EventRecord& event : copied)
      if (!verifier.take(event)) break;
    at = copied.back().sequence;
    show(CopyProgress::Step::verify, "events", at - start.sequence, head.sequence - start.sequence);
  }
}

void ScopeCopy::clear() {
  const auto transaction = target();
  transaction->clear_scope();
  for (const EntityType& type : stored_entity_types(*transaction)) {
    transaction->set_unique_keys(type.key, {});
    transaction->set_field_keys(type.key, {});
  }
  const auto shapes = record_shapes();
  for (auto shape = shapes.rbegin(); shape != shapes.rend(); ++shape)
    if (shape->owner == RecordOwner::scope && is_copied_as_records(*shape))
      transaction->remove_records(shape->table, {});
  transaction->commit();
}

void ScopeCopy::clear_shared(Storage& to, const Scope& scope) {
  const auto transaction = to.begin(scope, Access::fill);
  const auto shapes = record_shapes();
  for (auto shape = shapes.rbegin(); shape != shapes.rend(); ++shape)
    if (shape->owner == RecordOwner::organization) transaction->remove_records(shape->table, {});
  transaction->commit();
}

}  // namespace struere
