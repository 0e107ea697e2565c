// A row as one actor sees it: already masked (SPEC 5 and 6).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/core/shared_text.hpp"

namespace STRUERE_API struere {

// What leaves a storage, with the masks applied: what a mask hides is absent here too.
struct EntityRow {
  EntityId id;
  SharedText data;  // canonical JSON
  std::int64_t version = 0;
  std::optional<std::string> status;
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
  // What a redaction put in the place of one of these three, where that is of another kind: by "status", "createdAt"
  // and "updatedAt". Null where there is nothing.
  Json replaced;
};

struct Expansion;

// A value. The rows of a page share their memory: whoever keeps one of them keeps the bytes of all.
class Entity {
 public:
  Entity(std::string type, EntityRow row) : type_(std::move(type)), row_(std::move(row)) {}

  const EntityId& id() const noexcept { return row_.id; }
  const std::string& type() const noexcept { return type_; }
  std::int64_t version() const noexcept { return row_.version; }

  // Nothing where a mask hides the value, or replaces it by one of another kind, which to_json() shows.
  const std::optional<std::string>& status() const noexcept { return row_.status; }
  std::optional<Timestamp> created_at() const noexcept { return row_.created_at; }
  std::optional<Timestamp> updated_at() const noexcept { return row_.updated_at; }

  // `data` as canonical JSON text, as it came: nothing is parsed. Of a temporary it is a copy, so that nothing dangles.
  std::string_view json() const& noexcept { return row_.data.view(); }
  std::string json() && { return std::string(row_.data.view()); }

  // `data` parsed, anew at each call: keep the answer.
  Json data() const { return parse_canonical_json(row_.data.view()); }

  // What `expand` set beside the row, by the paths as they were asked; null for a path of which nothing is shown.
  const Expansion* expanded(std::string_view path) const noexcept;
  std::span<const Expansion> expanded() const noexcept;

  // The whole row: id, type, data, status, createdAt, updatedAt, version; without what is hidden. If `expand` was
  // asked, `expanded` too: by path, an entity or a list of entities.
  Json to_json() const;

  // The same row with this beside it; for the reading operations.
  Entity with(std::vector<Expansion> expanded) &&;

 private:
  std::string type_;
  EntityRow row_;
  std::shared_ptr<const std::vector<Expansion>> expanded_;  // null if `expand` was not asked
};

// The entities that one field of a row refers to, as the actor's `read` view shows them.
struct Expansion {
  std::string path;              // such as `data.owner`
  bool is_list = false;          // the field holds a list of ids
  std::vector<Entity> entities;  // one, or those of the list in its order, without what is not in the view
};

// The answer to a write: the row as the actor's `read` view shows it, or, where it is not in that view, the id alone.
struct Written {
  EntityId id;
  std::optional<Entity> row;
};

}  // namespace struere
