#include "struere/repository/entity_repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "repository/entity_reader.hpp"
#include "repository/entity_writer.hpp"
#include "storage/retry.hpp"

namespace struere {
Entity EntityRepository::get(const EntityId& id, const GetOptions& options) const {
  return guarded(caller_, Access::read, {"read", type_, id.str()}, [&](GuardedOperation& operation) {
    operation.read_once();
    auto found = find_entity(operation, type_, id.str(), options);
    if (!found) throw_not_found();  // thrown inside the operation, so that it ends a unit of work
    return *std::move(found);
  });
}

std::optional<Entity> EntityRepository::find(const EntityId& id, const GetOptions& options) const {
  return guarded(caller_, Access::read, {"read", type_, id.str()}, [&](GuardedOperation& operation) {
    operation.read_once();
    return find_entity(operation, type_, id.str(), options);
  });
}

std::vector<Entity> EntityRepository::get_many(const std::vector<EntityId>& ids) const {
  return guarded(caller_, Access::read, {"read", type_},
                 [&](GuardedOperation& operation) { return get_many_entities(operation, type_, ids); });
}

EntityPage EntityRepository::list(const Query& query) const {
  return guarded(caller_, Access::read, {"list", type_}, [&](GuardedOperation& operation) {
    operation.read_once();
    return list_entities(operation, type_, query);
  });
}

std::int64_t EntityRepository::count(const Query& query) const {
  return guarded(caller_, Access::read, {"list", type_}, [&](GuardedOperation& operation) {
    operation.read_once();
    return count_entities(operation, type_, query);
  });
}

Aggregates EntityRepository::aggregate(const Query& query, const std::vector<std::string>& group_by,
                                       const std::vector<Measure>& measures) const {
  return guarded(caller_, Access::read, {"list", type_}, [&](GuardedOperation& operation) {
    return aggregate_entities(operation, type_, query, group_by, measures);
  });
}

EntityRange EntityRepository::all(const Query& query) const { return {*this, query}; }

EntityRange::EntityRange(const EntityRepository& repository, Query query)
    : repository_(std::make_shared<EntityRepository>(repository)), query_(std::move(query)) {}

EntityRange::iterator::iterator(std::shared_ptr<const EntityRepository> repository, Query query)
    : repository_(std::move(repository)), query_(std::move(query)), page_(repository_->list(query_)) {
  skip_empty_pages();
}

EntityRange::iterator& EntityRange::iterator::operator++() {
  ++at_;
  skip_empty_pages();
  return *this;
}

void EntityRange::iterator::skip_empty_pages() {
  while (at_ == page_.size() && page_.next()) {
    query_.after = page_.next();
    page_ = repository_->list(query_);
    at_ = 0;
  }
}

namespace {

// Parses and checks the data before the write lock is taken, by the rules as this process knows them. Inside a unit of
// work the lock is already taken, so this does nothing.
void prepare(WrittenJson& data, const Caller& caller, const std::string& type) {
  if (caller.unit()) return;
  Engine& engine = caller.engine();
  require_no_unit(engine);
  try {
    data.prepare(*engine.known(caller.actor().scope()), caller.actor(), type, "`data`");
  } catch (const Error&) {  // the write reports errors in their proper order
  }
}

// The same for many rows, by the rules as they are now, because all checks under the lock share a bound.
template <class TypeOf>
void prepare_all(std::vector<WrittenJson>& rows, const Caller& caller, const TypeOf& type_of) {
  if (caller.unit()) return;
  Engine& engine = caller.engine();
  require_no_unit(engine);
  const Scope& scope = caller.actor().scope();
  try {
    const auto known = retried([&] { return engine.compiled(*engine.storage->begin(scope, Access::read), scope); });
    // One type after the other, so that the schema of each is compiled once, however many of them are kept.
    std::map<std::string, std::vector<std::size_t>> by_type;
    for (std::size_t i = 0; i < rows.size(); ++i) by_type[type_of(i)].push_back(i);
    std::size_t end = rows.size();  // the write fails at a row with a fault, so later rows are not needed
    for (const auto& [type, places] : by_type)
      for (const std::size_t i : places)
        if (i < end && !rows[i].prepare(*known, caller.actor(), type, "`data`")) end = i;
  } catch (const Error&) {
  }
}

// The storage is told of so many of them at once.
constexpr std::size_t rows_expected_at_once = 500;

template <class Row>
std::span<const Row> expected(std::span<const Row> rows, std::size_t from) {
  return rows.subspan(from, std::min(rows.size() - from, rows_expected_at_once));
}

using DataByType = std::map<std::string, std::vector<const Json*>>;

DataByType by_type(const std::string& type, std::span<const ImportedRow> rows) {
  DataByType out;
  for (const ImportedRow& row : rows) out[row.type.value_or(type)].push_back(&row.data);
  return out;
}

void expect_unique_values(GuardedOperation& operation, const DataByType& rows) {
  for (const auto& [type, data] : rows) EntityWriter(operation, type).expect(data);
}

// Of these ids, and of what the data refer to.
void expect_lookups(GuardedOperation& operation, std::vector<std::string> ids, const DataByType& rows,
                    bool is_patch = false) {
  for (const auto& [type, data] : rows) EntityWriter(operation, type).add_references(ids, data, is_patch);
  if (!ids.empty()) operation.transaction().expect_lookups(ids);
}

// Runs the write of one row. If its schema or its data would be read for long while all writers wait, the write is
// undone, the data is checked, and the write runs again. Inside a unit of work the lock is held anyway.
template <class Body>
auto guarded_row(const Caller& caller, Access access, const Attempt& attempt, const Body& body) {
  constexpr int most_tries = 10;
  std::optional<EarlierCheck> earlier;
  for (int tries = 0; tries < most_tries; ++tries) try {
      return guarded(caller, access, attempt, [&](GuardedOperation& operation) {
        if (!caller.unit()) operation.check_apart(earlier ? &*earlier : nullptr);
        return body(operation);
      });
    } catch (const SlowCheck& slow) {
      earlier = slow.run();
    }
  throw Error(ErrorCode::storage, "the row kept changing while it was checked against its schema; try again")
      .transient();
}

Written create_in(const Caller& caller, const std::string& type, WrittenJson data, const CreateOptions& options) {
  prepare(data, caller, type);
  return guarded_row(caller, Access::brief_write, {"create", type, {}, data.first_lookups()},
                     [&](GuardedOperation& operation) {
                       Written answer = EntityWriter(operation, type).create(data, options);
                       operation.commit();
                       return answer;
                     });
}

Written update_in(const Caller& caller, const std::string& type, const EntityId& id, WrittenJson patch,
                  const UpdateOptions& options) {
  patch.prepare("the patch");
  return guarded_row(caller, Access::brief_write, {"update", type, id.str(), {id.str()}},
                     [&](GuardedOperation& operation) {
                       Written answer = EntityWriter(operation, type).update(id.str(), patch, options);
                       operation.commit();
                       return answer;
                     });
}

Upserted upsert_in(const Caller& caller, const std::string& type, const std::vector<std::string>& key,
                   WrittenJson data) {
  prepare(data, caller, type);
  Attempt attempt{"create", type, {}, data.first_lookups()};
  return guarded_row(caller, Access::brief_write, attempt, [&](GuardedOperation& operation) {
    Upserted answer =
        EntityWriter(operation, type).upsert(key, data, [&](Action action) { attempt.action = to_string(action); });
    operation.commit();
    return answer;
  });
}

}  // namespace

Written EntityRepository::create(const Json& data, const CreateOptions& options) const {
  return create_in(caller_, type_, WrittenJson(data), options);
}

Written EntityRepository::create_text(std::string_view data, const CreateOptions& options) const {
  return create_in(caller_, type_, WrittenJson(JsonTextView{data}), options);
}

std::vector<EntityId> EntityRepository::create_all(std::span<const Json> rows, const CreateOptions& options) const {
  std::vector<WrittenJson> written(rows.begin(), rows.end());
  prepare_all(written, caller_, [&](std::size_t) -> const std::string& { return type_; });
  return guarded(caller_, Access::write, {"create", type_}, [&](GuardedOperation& operation) {
    std::vector<EntityId> out;
    out.reserve(rows.size());
    EntityWriter writer(operation, type_);
    for (const WrittenJson& row : written) try {
        if (out.size() % rows_expected_at_once == 0) {
          DataByType next{{type_, {}}};
          for (const Json& data : expected(rows, out.size())) next[type_].push_back(&data);
          expect_unique_values(operation, next);
          expect_lookups(operation, {}, next);
        }
        out.emplace_back(writer.insert(row, options).entity.id);
      } catch (const Error& error) {
        throw error.with_message(fmt::format("row {} of {}: {}", out.size() + 1, rows.size(), error.what()))
            .at(out.size());
      }
    operation.commit();
    return out;
  });
}

std::vector<EntityId> EntityRepository::import_all(std::span<const ImportedRow> rows) const {
  check_arguments(caller_, [&] {
    if (rows.size() > most_rows_written)
      throw Error(ErrorCode::invalid_data, fmt::format("an import is at most {} rows; divide it", most_rows_written));
  });
  std::vector<WrittenJson> written;
  for (const ImportedRow& row : rows) written.emplace_back(row.data);
  prepare_all(written, caller_,
              [&](std::size_t i) -> const std::string& { return rows[i].type ? *rows[i].type : type_; });
  return guarded(caller_, Access::write, {"create", type_}, [&](GuardedOperation& operation) {
    std::vector<EntityId> out;
    out.reserve(rows.size());
    std::size_t bytes = 0;
    const auto at_each = [&](const auto& body) {
      for (std::size_t i = 0; i < rows.size(); ++i) try {
          EntityWriter writer(operation, rows[i].type ? *rows[i].type : type_);
          body(writer, i);
        } catch (const Error& error) {
          throw error.with_message(fmt::format("row {} of {}: {}", i + 1, rows.size(), error.what())).at(i);
        }
    };
    at_each([&](EntityWriter& writer, std::size_t i) {
      if (i % rows_expected_at_once == 0) {
        std::vector<std::string> ids;
        for (const ImportedRow& row : expected(rows, i))
          if (row.options.id) ids.push_back(row.options.id->str());
        expect_unique_values(operation, by_type(type_, expected(rows, i)));
        expect_lookups(operation, std::move(ids), {});
      }
      const StoredEntity stored = writer.insert(written[i], rows[i].options, References::later).entity;
      if ((bytes += stored.data.size()) > import_max_bytes)
        throw Error(ErrorCode::invalid_data, fmt::format("an import is at most {} bytes; divide it", import_max_bytes));
      out.emplace_back(stored.id);
    });
    at_each([&](EntityWriter& writer, std::size_t i) {
      if (i % rows_expected_at_once == 0) expect_lookups(operation, {}, by_type(type_, expected(rows, i)));
      writer.require_references(rows[i].data);
    });
    operation.commit();
    return out;
  });
}

Written EntityRepository::update(const EntityId& id, const Json& patch, const UpdateOptions& options) const {
  return update_in(caller_, type_, id, WrittenJson(patch), options);
}

Written EntityRepository::update_text(const EntityId& id, std::string_view patch, const UpdateOptions& options) const {
  return update_in(caller_, type_, id, WrittenJson(JsonTextView{patch}), options);
}

Upserted EntityRepository::upsert(const std::vector<std::string>& key, const Json& data) const {
  return upsert_in(caller_, type_, key, WrittenJson(data));
}

Upserted EntityRepository::upsert_text(const std::vector<std::string>& key, std::string_view data) const {
  return upsert_in(caller_, type_, key, WrittenJson(JsonTextView{data}));
}

void EntityRepository::remove(const EntityId& id, const RemoveOptions& options) const {
  guarded(caller_, Access::brief_write, {"delete", type_, id.str(), {id.str()}}, [&](GuardedOperation& operation) {
    EntityWriter(operation, type_).remove(id.str(), options);
    operation.commit();
  });
}

namespace {

// Calls `write` for each row, and then `check`, in one transaction. An error holds the index of its row.
using WriteRow = std::function<void(EntityWriter& writer, const std::string& id)>;
void write_all(const Caller& caller, std::string_view action, const std::string& type, const std::vector<EntityId>& ids,
               const DataByType& patch, const WriteRow& write, const WriteRow& check = {}) {
  check_arguments(caller, [&] {
    if (ids.size() > most_rows_written)
      throw Error(ErrorCode::invalid_data, fmt::format("these are more than {} rows; divide them", most_rows_written));
  });
  Attempt attempt{action, type};
  guarded(caller, Access::write, attempt, [&](GuardedOperation& operation) {
    EntityWriter writer(operation, type);
    const auto at_each = [&](const WriteRow& body) {
      for (std::size_t i = 0; i < ids.size(); ++i) try {
          attempt.id = ids[i].str();
          if (i % rows_expected_at_once == 0) {
            std::vector<std::string> next;
            for (const EntityId& id : expected(std::span<const EntityId>(ids), i)) next.push_back(id.str());
            expect_lookups(operation, std::move(next), patch, true);
          }
          body(writer, ids[i].str());
        } catch (const Error& error) {
          throw error.with_message(fmt::format("row {} of {}: {}", i + 1, ids.size(), error.what())).at(i);
        }
    };
    at_each(write);
    if (check) at_each(check);
    operation.commit();
  });
}

}  // namespace

void EntityRepository::update_all(const std::vector<EntityId>& ids, const Json& patch,
                                  const UpdateOptions& options) const {
  WrittenJson written(patch);
  written.prepare("the patch");
  if (ids.empty()) check_arguments(caller_, [&] { (void)written.object("the patch"); });  // no row would look at it
  write_all(caller_, to_string(Action::update), type_, ids, {{type_, {&patch}}},
            [&](EntityWriter& writer, const std::string& id) { writer.update(id, written, options); });
}

void EntityRepository::remove_all(const std::vector<EntityId>& ids) const {
  write_all(caller_, to_string(Action::remove), type_, ids, {},
            [](EntityWriter& writer, const std::string& id) { writer.remove(id); });
}

Written EntityRepository::restore(const EntityId& id) const {
  return guarded_row(caller_, Access::write, {"restore", type_, id.str(), {id.str()}},
                     [&](GuardedOperation& operation) {
                       Written answer = EntityWriter(operation, type_).restore(id.str());
                       operation.commit();
                       return answer;
                     });
}

void EntityRepository::restore_all(const std::vector<EntityId>& ids) const {
  write_all(
      caller_, "restore", type_, ids, {},
      [](EntityWriter& writer, const std::string& id) { writer.restore(id, References::later); },
      [](EntityWriter& writer, const std::string& id) { writer.require_references_of(id); });
}

void EntityRepository::purge(const EntityId& id, const PurgeOptions& options) const {
  guarded(caller_, Access::write, {"purge", type_, id.str(), {id.str()}}, [&](GuardedOperation& operation) {
    if (options.hold_writers) operation.hold_writers();
    EntityWriter(operation, type_).purge(id.str());
    operation.commit();
  });
}

Decision EntityRepository::can(Action action) const { return decision_of(caller_, action, type_); }

}  // namespace struere
