// The entities of one type, as one actor may see and change them (SPEC 6).
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/core/shared.hpp"
#include "struere/model/entity.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/query.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

// A view of JSON text from outside: checked as SPEC 6 says, malformed text is invalid_data.
struct JsonTextView {
  std::string_view text;
};

// One page of a list. Give `next` as the `after` of the same query for the page that follows; there is none after the
// last.
class EntityPage {
 public:
  // `next` makes the cursor of the page that follows; empty if this is the last one.
  EntityPage(std::vector<Entity> rows, std::function<std::string()> next)
      : rows_(std::move(rows)), next_(std::move(next)) {}

  auto begin() const& noexcept { return rows_.begin(); }
  auto end() const& noexcept { return rows_.end(); }
  bool empty() const noexcept { return rows_.empty(); }
  std::size_t size() const noexcept { return rows_.size(); }
  // Of a temporary page, these are values.
  const Entity& front() const& { return rows_.at(0); }
  Entity front() && { return std::move(rows_.at(0)); }
  const Entity& operator[](std::size_t i) const& { return rows_.at(i); }
  Entity operator[](std::size_t i) && { return std::move(rows_.at(i)); }
  // Sealed at each call: not every page is followed by another one.
  std::optional<std::string> next() const { return next_ ? std::optional(next_()) : std::nullopt; }

 private:
  std::vector<Entity> rows_;
  std::function<std::string()> next_;
};

class EntityRepository;

// The rows of all pages of a query, one after the other (EntityRepository::all).
class EntityRange {
 public:
  EntityRange(const EntityRepository& repository, Query query);

  class iterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = Entity;
    using difference_type = std::ptrdiff_t;
    using reference = const Entity&;
    using pointer = const Entity*;

    iterator(std::shared_ptr<const EntityRepository> repository, Query query);

    reference operator*() const { return page_[at_]; }
    pointer operator->() const { return &page_[at_]; }
    iterator& operator++();  // reads the next page where this one ends
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& at, std::default_sentinel_t) { return at.at_ == at.page_.size(); }

   private:
    void skip_empty_pages();

    Shared<const EntityRepository> repository_;
    Query query_;
    EntityPage page_;
    std::size_t at_ = 0;
  };

  iterator begin() const { return {repository_, query_}; }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Shared<const EntityRepository> repository_;  // a copy: the range may outlive the one that made it
  Query query_;
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

// The bounds of one import_all, update_all or remove_all, beyond which they throw invalid_data: other writers wait for
// the end of it.
inline constexpr std::size_t most_rows_written = 10'000;
inline constexpr std::size_t import_max_bytes = 64 << 20;

struct UpdateOptions {
  std::optional<std::string> status = {};
  std::optional<std::int64_t> version = {};  // refused with conflict where the row has moved on
};

struct RemoveOptions {
  std::optional<std::int64_t> version = {};  // refused with conflict where the row has moved on
};

struct PurgeOptions {
  // Only for the system: allows more than 50,000 events, relations and trigger runs of the entity, for which all
  // writers wait.
  bool hold_writers = false;
};

// The answer to an upsert.
struct Upserted {
  Written written;
  bool created;  // false: the entity was there, and is updated
};

// A type of the host's own that nlohmann's `to_json` makes JSON of.
template <class T>
concept TypedRow = !std::same_as<T, Json> && !std::same_as<T, JsonTextView> && !std::same_as<T, ImportedRow> &&
                   std::convertible_to<const T&, Json>;

// Cheap to make, one for each request; immutable, and safe to share between threads. Every operation is one transaction
// and throws Error with the code of the first check that fails, in the order of SPEC 6: permission_denied, not_found,
// conflict, invalid_data, invalid_reference; queries permission_denied, not_found, invalid_query, invalid_cursor.
// Rows come masked; what the actor may not see is not in them.
class EntityRepository {
 public:
  EntityRepository(Caller caller, std::string type) : caller_(std::move(caller)), type_(std::move(type)) {}

  Entity get(const EntityId& id, const GetOptions& options = {}) const;
  // nullopt where get() throws not_found.
  std::optional<Entity> find(const EntityId& id, const GetOptions& options = {}) const;
  bool exists(const EntityId& id) const { return find(id, {.fields = std::vector<std::string>()}).has_value(); }
  // The rows of the `read` view with these ids, each once, in this order; other ids are left out. At most 1000 ids and
  // 32 MiB of data, else invalid_query.
  std::vector<Entity> get_many(const std::vector<EntityId>& ids) const;
  // A page holds at most `limit` rows, and ends early after 8 MiB of data: next() tells whether there is more.
  EntityPage list(const Query& query = {}) const;
  // The rows of all pages, read page by page: `for (const Entity& row : sessions.all(query))`. Each page is a snapshot
  // of its own.
  EntityRange all(const Query& query = {}) const;
  // How many rows list() would give over all pages. Only `where`, `status` and `search` matter.
  std::int64_t count(const Query& query = {}) const;
  // By groups of rows that agree on the fields `group_by` (at most 3; none: one group), 1 to 8 measures, over the rows
  // that count() counts. At most `limit` groups.
  Aggregates aggregate(const Query& query, const std::vector<std::string>& group_by,
                       const std::vector<Measure>& measures) const;

  // `data` may be a type of the host's own: `create(Visit{…})`, by nlohmann's `to_json`.
  Written create(const Json& data, const CreateOptions& options = {}) const;
  // All of them in one transaction, or none: the error is that of the first that is refused, and names its place. For
  // imports; whoever else writes waits for the end of it.
  std::vector<EntityId> create_all(std::span<const Json> rows, const CreateOptions& options = {}) const;
  template <TypedRow T>
  std::vector<EntityId> create_all(const std::vector<T>& rows, const CreateOptions& options = {}) const {
    return create_all(std::vector<Json>(rows.begin(), rows.end()), options);
  }
  // The same for rows of several types whose references to one another may come in any order, circles included: they
  // are checked after the last row is written. Throws as create() does; the message names the place of the row.
  std::vector<EntityId> import_all(std::span<const ImportedRow> rows) const;
  // `patch` is a JSON Merge Patch (RFC 7396): null removes a key.
  Written update(const EntityId& id, const Json& patch, const UpdateOptions& options = {}) const;
  void remove(const EntityId& id, const RemoveOptions& options = {}) const;
  // The same patch to each of these rows, and the removal of each, in one transaction, or of none: the error is that of
  // the first row that is refused, and index() its place. Other writers wait meanwhile; more than `most_rows_written`
  // ids are invalid_data.
  void update_all(const std::vector<EntityId>& ids, const Json& patch, const UpdateOptions& options = {}) const;
  void remove_all(const std::vector<EntityId>& ids) const;
  // Updates the entity whose values at the paths of `key` are those of `data`, or creates it. `key` is one of the
  // type's unique keys, its paths in the same order. Needs `create` and `update`. Throws invalid_query if the type has
  // no such key, and conflict if an entity that the actor may not see has these values.
  Upserted upsert(const std::vector<std::string>& key, const Json& data) const;

  // For system actors and org admins (else permission_denied); neither sets off a trigger.
  // Makes a deleted row active again; it is checked as an update of all of its data is. Throws conflict if it is not
  // deleted.
  Written restore(const EntityId& id) const;
  // Each of these rows in one transaction, as update_all() does; they may refer to one another.
  void restore_all(const std::vector<EntityId>& ids) const;
  // Removes the row, deleted or not, for good, with its relations, its trigger runs and the payloads of its events. If
  // these are more than 50,000, throws permission_denied to an org admin, and conflict to the system unless
  // `options.hold_writers` is set.
  void purge(const EntityId& id, const PurgeOptions& options = {}) const;

  // The same from text. Templates, so that `{{"status", "done"}}` can only mean a Json.
  template <std::same_as<JsonTextView> Text>
  Written create(Text data, const CreateOptions& options = {}) const {
    return create_text(data.text, options);
  }
  template <std::same_as<JsonTextView> Text>
  Written update(const EntityId& id, Text patch, const UpdateOptions& options = {}) const {
    return update_text(id, patch.text, options);
  }
  template <std::same_as<JsonTextView> Text>
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
