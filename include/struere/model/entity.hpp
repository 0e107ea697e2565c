// A row as one actor sees it: already masked (SPEC 5 and 6).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace struere {

// What leaves a storage: canonical JSON with the masks applied; what a mask hides is absent here too.
struct EntityRow {
  std::string id;
  std::string data;
  std::int64_t version = 0;
  // Values as they are shown: a string and two numbers, unless a mask put something in their place.
  std::optional<Json> status;
  std::optional<Json> created_at;
  std::optional<Json> updated_at;
};

// A value.
class Entity {
 public:
  Entity(std::string type, EntityRow row);

  const EntityId& id() const noexcept { return id_; }
  const std::string& type() const noexcept { return type_; }
  std::int64_t version() const noexcept { return row_.version; }

  // Nothing where a mask hides the value, or replaces it by one of another kind, which to_json() shows.
  std::optional<std::string> status() const;
  std::optional<Timestamp> created_at() const;
  std::optional<Timestamp> updated_at() const;

  // `data` as canonical JSON text, as it came: nothing is parsed.
  const std::string& json() const noexcept { return row_.data; }

  // `data` parsed, anew at each call: keep the answer.
  Json data() const { return parse_canonical_json(row_.data); }

  // The whole row: id, type, data, status, createdAt, updatedAt, version; without what is hidden.
  Json to_json() const;

 private:
  std::string type_;
  EntityRow row_;
  EntityId id_;
};

// The answer to a write: the row as the actor's `read` view shows it, or, where it is not in that view, the id alone.
struct Written {
  EntityId id;
  std::optional<Entity> row;
};

}  // namespace struere
