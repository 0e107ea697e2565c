// The entities of one type, as one actor may see and change them (SPEC 6).
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/model/entity.hpp"
#include "struere/query/query.hpp"
#include "struere/repository/caller.hpp"

namespace struere {

// JSON as text, from outside: checked as SPEC 6 says, malformed text is invalid_data.
struct JsonText {
  std::string_view text;
};

// One page of a list. Give `next` as the `after` of the same query for the page that follows; there is none after the
// last.
class EntityPage {
 public:
  EntityPage(std::vector<Entity> rows, std::optional<std::string> next)
      : rows_(std::move(rows)), next_(std::move(next)) {}

  auto begin() const noexcept { return rows_.begin(); }
  auto end() const noexcept { return rows_.end(); }
  bool empty() const noexcept { return rows_.empty(); }
  std::size_t size() const noexcept { return rows_.size(); }
  const Entity& front() const& { return rows_.at(0); }
  Entity front() && { return std::move(rows_.at(0)); }
  const Entity& operator[](std::size_t i) const { return rows_.at(i); }
  const std::optional<std::string>& next() const noexcept { return next_; }

 private:
  std::vector<Entity> rows_;
  std::optional<std::string> next_;
};

struct CreateOptions {
  std::optional<std::string> status = {};  // "active" unless asked
  // For system actors and org admins only (else permission_denied), to bring back what was exported. An id that the
  // scope has, also of a deleted entity, is a conflict. `created_at` must not be in the future.
  std::optional<EntityId> id = {};
  std::optional<Timestamp> created_at = {};
};

// One row of an import.
struct ImportedRow {
  Json data;
  CreateOptions options = {};
  std::optional<std::string> type = {};  // the repository's unless given
};

// The bounds of one import_all, beyond which it throws invalid_data: other writers wait for the end of it.
inline constexpr std::size_t import_max_rows = 10'000;
inline constexpr std::size_t import_max_bytes = 64 << 20;

struct UpdateOptions {
  std::optional<std::string> status = {};
  std::optional<std::int64_t> version = {};  // refused with conflict where the row has moved on
};

// The answer to an upsert.
struct Upserted {
  Written written;
  bool created;  // false: the entity was there, and is updated
};

// Cheap to make, one for each request; immutable, and safe to share between threads. Every operation is one transaction
// and throws Error with the code of the first check that fails, in the order of SPEC 6: permission_denied, not_found,
// conflict, invalid_data, invalid_reference; queries permission_denied, not_found, invalid_query, invalid_cursor.
// Rows come masked; what the actor may not see is not in them.
class EntityRepository {
 public:
  EntityRepository(Caller caller, std::string type) : caller_(std::move(caller)), type_(std::move(type)) {}

  Entity get(const EntityId& id) const;
  std::optional<Entity> find(const EntityId& id) const;  // nothing, where get would say not_found
  EntityPage list(const Query& query = {}) const;
  std::int64_t count(const Query& query = {}) const;  // order, limit and after do not matter

  Written create(const Json& data, const CreateOptions& options = {}) const;
  // All of them in one transaction, or none: the error is that of the first that is refused, and names its place. For
  // imports; whoever else writes waits for the end of it.
  std::vector<EntityId> create_all(std::span<const Json> rows, const CreateOptions& options = {}) const;
  // The same for rows of several types whose references to one another may come in any order, circles included: they
  // are checked after the last row is written. Throws as create() does; the message names the place of the row.
  std::vector<EntityId> import_all(std::span<const ImportedRow> rows) const;
  // `patch` is a JSON Merge Patch (RFC 7396): null removes a key.
  Written update(const EntityId& id, const Json& patch, const UpdateOptions& options = {}) const;
  void remove(const EntityId& id) const;
  // Updates the entity whose values at the paths of `key` are those of `data`, or creates it. `key` is one of the
  // type's unique keys, its paths in the same order. Needs `create` and `update`. Throws invalid_query if the type has
  // no such key, and conflict if an entity that the actor may not see has these values.
  Upserted upsert(const std::vector<std::string>& key, const Json& data) const;

  // The same from text. Templates, so that `{{"status", "done"}}` can only mean a Json.
  template <std::same_as<JsonText> Text>
  Written create(Text data, const CreateOptions& options = {}) const {
    return create_text(data.text, options);
  }
  template <std::same_as<JsonText> Text>
  Written update(const EntityId& id, Text patch, const UpdateOptions& options = {}) const {
    return update_text(id, patch.text, options);
  }
  template <std::same_as<JsonText> Text>
  Upserted upsert(const std::vector<std::string>& key, Text data) const {
    return upsert_text(key, data.text);
  }

  Decision can(Action action) const;

 private:
  Written create_text(std::string_view data, const CreateOptions& options) const;
  Written update_text(const EntityId& id, std::string_view patch, const UpdateOptions& options) const;
  Upserted upsert_text(const std::vector<std::string>& key, std::string_view data) const;

  Caller caller_;
  std::string type_;
};

}  // namespace struere
