#include "definitions/each_entity.hpp"

#include <algorithm>

#include "repository/definition_writer.hpp"

namespace struere {
namespace {

constexpr std::int64_t batch = 100;  // rows of up to 1 MiB

std::shared_ptr<const Grants> all_rows() { return std::make_shared<const Grants>(Grants{Grant{}}); }

void visit_leaves(const Json& object, Place& place, const std::function<void(const Place&, const Json&)>& visit) {
  for (const auto& [key, value] : object.items()) {
    place.push_back(key);
    if (value.is_object() && !value.empty())
      visit_leaves(value, place, visit);
    else
      visit(place, value);
    place.pop_back();
  }
}

}  // namespace

bool each_entity_until(GuardedOperation& operation, const EntityType& type,
                       const std::function<bool(const Entity&)>& visit) {
  Selection selection;
  selection.type = type.key;
  selection.grants = all_rows();
  // The order of the index. A visit that changes a row does not change the row's place in it.
  selection.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  selection.limit = batch;
  do {
    const Page page = operation.transaction().select(selection);
    operation.spend(static_cast<std::int64_t>(page.rows.size()));
    for (const Entity& row : page.rows)
      if (!visit(row)) return false;
    selection.after = page.next;
  } while (selection.after);
  return true;
}

void each_entity(GuardedOperation& operation, const EntityType& type, const std::function<void(const Entity&)>& visit) {
  each_entity_until(operation, type, [&](const Entity& row) {
    visit(row);
    return true;
  });
}

void each_deleted_entity(GuardedOperation& operation, const std::vector<EntityTypeKey>& types,
                         const std::function<void(const StoredEntity&)>& visit) {
  constexpr std::size_t most_bytes = 4 << 20;
  std::string after;
  for (;;) {
    const auto rows = operation.transaction().scan_entities(after, batch, most_bytes);
    if (rows.empty()) return;
    after = rows.back().id;
    operation.spend(std::ssize(rows));  // no index has the deleted rows: all are read
    for (const StoredEntity& row : rows)
      if (row.deleted && std::ranges::find(types, row.type) != types.end()) visit(row);
  }
}

bool each_event_until(GuardedOperation& operation, const EntityType& type, std::int64_t after,
                      const std::function<bool(const EventRecord&)>& visit) {
  EventSelection selection;
  selection.types = {{type.key, all_rows()}};
  selection.after = after;
  selection.limit = batch;
  for (;;) {
    const auto events = operation.transaction().select_events(selection);
    for (const EventRecord& event : events)
      if (!visit(event)) return false;
    if (static_cast<std::int64_t>(events.size()) < batch) return true;
    selection.after = events.back().sequence;
  }
}

StoredData::StoredData(GuardedOperation& operation, std::optional<std::int64_t> since)
    : operation_(operation), since_(since) {
  // If events after `since` were pruned, their entities are unknown, so everything is read.
  if (since_ && operation.transaction().log_start().sequence > *since_) since_.reset();
}

void StoredData::each_row(const EntityType& type,
                          const std::function<void(const std::string& id, const Json& data)>& visit) {
  if (!since_) return each_entity(operation_, type, [&](const Entity& row) { visit(row.id().str(), row.data()); });
  for (const std::string& id : changed_ids(type))
    if (const auto row = operation_.transaction().find_entity(id); row && row->type == type.key && !row->deleted)
      visit(id, parse_canonical_json(row->data));
}

std::set<std::string> StoredData::changed_ids(const EntityType& type) {
  std::set<std::string> out;
  if (since_) {
    each_event_until(operation_, type, *since_, [&](const EventRecord& event) {
      if (event.entity) out.insert(*event.entity);
      return true;
    });
    return out;
  }
  // The log does not tell the changes any more.
  each_entity(operation_, type, [&](const Entity& row) { out.insert(row.id().str()); });
  each_deleted_entity(operation_, {type.key}, [&](const StoredEntity& row) { out.insert(row.id); });
  return out;
}

void StoredData::each_event(const EntityType& type, const std::function<void(const EventRecord&)>& visit) {
  each_event_until(operation_, type, since_.value_or(0), [&](const EventRecord& event) {
    visit(event);
    return true;
  });
}

std::int64_t StoredData::count(const EntityType& type) { return count_entities(operation_, type); }

std::vector<std::string> StoredData::first_ids(const EntityType& type, std::int64_t most) {
  Selection selection;
  selection.type = type.key;
  selection.grants = all_rows();
  selection.order = {{*FieldPath::parse("createdAt"), true}, {*FieldPath::parse("id"), true}};
  selection.limit = most;
  std::vector<std::string> out;
  for (const Entity& row : operation_.transaction().select(selection).rows) out.push_back(row.id().str());
  return out;
}

void each_leaf(const Json& object, const std::function<void(const Place&, const Json&)>& visit) {
  Place place;
  visit_leaves(object, place, visit);
}

void each_data_of_payload(const Json& payload, const std::function<void(const Json&)>& visit) {
  for (const char* const member : {"data", "changes", "previousData"})
    if (const auto found = payload.find(member); found != payload.end() && found->is_object()) visit(*found);
}

}  // namespace struere
