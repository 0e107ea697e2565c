// A row as one actor sees it: already masked (SPEC 5 and 6).
#pragma once

#include <exception>
#include <memory>
#include <optional>
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
  Entity(std::string type, EntityRow&& row) : type_(std::move(type)), row_(std::move(row)) {}

  // Of a temporary entity, these are values.
  const EntityId& id() const& noexcept { return row_.id; }
  EntityId id() && { return std::move(row_.id); }
  const std::string& type() const& noexcept { return type_; }
  std::string type() && { return std::move(type_); }
  std::int64_t version() const noexcept { return row_.version; }

  // Nothing where a mask hides the value, or replaces it by one of another kind, which to_json() shows.
  const std::optional<std::string>& status() const& noexcept { return row_.status; }
  std::optional<std::string> status() && { return std::move(row_.status); }
  std::optional<Timestamp> created_at() const noexcept { return row_.created_at; }
  std::optional<Timestamp> updated_at() const noexcept { return row_.updated_at; }

  // `data` as canonical JSON text, a copy of its own. json_view() copies nothing.
  std::string json() const { return std::string(row_.data.view()); }

  // `data` parsed, anew at each call: keep the answer.
  Json data() const { return parse_canonical_json(row_.data.view()); }

  // `data` as a T of the host's own, by nlohmann's `from_json`. Throws Error{invalid_data} if it is none; a field that
  // a mask hides is absent.
  template <class T>
  T as() const {
    try {
      return data().get<T>();
    } catch (const Json::exception& fault) {
      throw_unreadable(fault);
    }
  }

  // What `expand` set beside the row, by the paths as they were asked; null for a path of which nothing is shown.
  std::shared_ptr<const Expansion> expanded(std::string_view path) const;
  std::vector<Expansion> expanded() const;

  // The whole row: id, type, data, status, createdAt, updatedAt, version; without what is hidden. If `expand` was
  // asked, `expanded` too: by path, an entity or a list of entities.
  Json to_json() const;

  // The same row with other data, or with this beside it; for the reading operations.
  Entity with_data(std::string json) &&;
  Entity with(std::vector<Expansion> expanded) &&;

  // A view of `data` as canonical JSON text: it holds while the entity does, so it is not made of a temporary.
  friend std::string_view json_view(const Entity& entity) noexcept { return entity.row_.data.view(); }
  friend std::string_view json_view(const Entity&& entity) = delete;
  // The same, to stand within another text. Throws Error{storage} where a row that was damaged does not end as an
  // object does: what comes after it would be taken for a part of it.
  friend std::string_view embeddable_json(const Entity& entity);
  friend std::string_view embeddable_json(const Entity&& entity) = delete;

 private:
  [[noreturn]] void throw_unreadable(const std::exception& fault) const;

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
