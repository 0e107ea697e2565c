// Reads all stored data of a type, without the limits of an actor.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "repository/guarded_operation.hpp"

namespace struere {

// Visits the entities that are not deleted, in batches. `visit` may change or remove its row.
void each_entity(GuardedOperation& operation, const EntityType& type, const std::function<void(const Entity&)>& visit);
// Stops when `visit` returns false, and then returns false.
bool each_entity_until(GuardedOperation& operation, const EntityType& type,
                       const std::function<bool(const Entity&)>& visit);

// Visits the entities of these types that are deleted, in batches. `visit` may change its row. Reads all entities of
// the scope, because no index names the deleted ones.
void each_deleted_entity(GuardedOperation& operation, const std::vector<EntityTypeKey>& types,
                         const std::function<void(const StoredEntity&)>& visit);

// Visits the events about entities of the type, deleted or not, that come after the sequence `after`: oldest first and
// unmasked. Stops when `visit` returns false, and then returns false.
bool each_event_until(GuardedOperation& operation, const EntityType& type, std::int64_t after,
                      const std::function<bool(const EventRecord&)>& visit);

// The stored data that a plan reads: all of it, or only the changes since an earlier look. A plan that holds the write
// lock reads only the changes. Each change of an entity has an event.
class StoredData {
 public:
  // `since` is the sequence of the last event at the earlier look.
  explicit StoredData(GuardedOperation& operation, std::optional<std::int64_t> since = {});

  // Whether this reads only the changes since then.
  bool is_second_look() const noexcept { return since_.has_value(); }

  // Rows that are not deleted, in batches.
  void each_row(const EntityType& type, const std::function<void(const std::string& id, const Json& data)>& visit);
  // The ids of these rows, and of the deleted ones.
  std::set<std::string> changed_ids(const EntityType& type);
  void each_event(const EntityType& type, const std::function<void(const EventRecord&)>& visit);
  std::int64_t count(const EntityType& type);  // of all its rows that are not deleted, not only the changed ones
  std::vector<std::string> first_ids(const EntityType& type, std::int64_t most);

 private:
  GuardedOperation& operation_;
  std::optional<std::int64_t> since_;
};

// Calls `visit` with each leaf of `object` (SPEC 5) and its place.
using Place = std::vector<std::string>;
void each_leaf(const Json& object, const std::function<void(const Place&, const Json&)>& visit);

// Visits the parts of an event's payload that are masked like the `data` of a row.
void each_data_of_payload(const Json& payload, const std::function<void(const Json&)>& visit);

}  // namespace struere
