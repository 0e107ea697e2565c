// A query for the rows of a type: filter, search, order, page (SPEC 6).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "struere/core/json.hpp"

namespace STRUERE_API struere {

// Conditions in the form of SPEC 4: `{"field", "operator", "value"}`, `{"any": […]}`, `{"all": […]}`, with plain
// values. Written in C++ by comparing a field:
//
//     field("data.status") == "scheduled" && field("data.duration") >= 30
//
// An operation that gets a malformed condition throws invalid_query.
class Condition {
 public:
  Condition() = default;  // no condition: every row fulfils it
  // A list of conditions that are ANDed, as in a request, or a single condition.
  Condition(Json nodes) : nodes_(nodes.is_object() ? Json::array({std::move(nodes)}) : std::move(nodes)) {}

  bool empty() const { return nodes_.is_array() && nodes_.empty(); }
  const Json& nodes() const noexcept { return nodes_; }

  // An empty side adds nothing: `Condition() || x` and `Condition() && x` are x, never more rows than x has.
  friend Condition operator&&(const Condition& a, const Condition& b);
  friend Condition operator||(const Condition& a, const Condition& b);

 private:
  Json nodes_ = Json::array();
};

// Names a field of the row: `data.a.b`, `id`, `status`, `createdAt` or `updatedAt`.
class field {
 public:
  explicit field(std::string path) : path_(std::move(path)) {}

  Condition operator==(Json value) const { return make("eq", std::move(value)); }
  Condition operator!=(Json value) const { return make("neq", std::move(value)); }  // false of an absent field
  Condition operator>(Json value) const { return make("gt", std::move(value)); }
  Condition operator>=(Json value) const { return make("gte", std::move(value)); }
  Condition operator<(Json value) const { return make("lt", std::move(value)); }
  Condition operator<=(Json value) const { return make("lte", std::move(value)); }
  Condition in(Json values) const { return make("in", std::move(values)); }
  Condition not_in(Json values) const { return make("nin", std::move(values)); }
  Condition contains(Json value) const { return make("contains", std::move(value)); }
  Condition exists(bool present = true) const { return make("exists", present); }

 private:
  Condition make(const char* op, Json value) const;

  std::string path_;
};

enum class Direction { ascending, descending };

struct OrderBy {
  std::string field;
  Direction direction = Direction::ascending;
};

struct Query {
  Condition where = {};
  std::optional<std::string> status = {};
  std::optional<std::string> search = {};
  std::vector<OrderBy> order = {};        // default: createdAt descending
  std::int64_t limit = 50;                // 1 to 1000
  std::optional<std::string> after = {};  // the cursor of the page before
  // Shows only these paths of the masked `data`: `data.…`, at most 64. nullopt: all of it.
  std::optional<std::vector<std::string>> fields = {};
  // Adds the entities that these fields refer to (Entity::expanded). At most 8 paths that have `references` in the
  // schema.
  std::vector<std::string> expand = {};
  // The query throws Error{storage} after `timeout`, or when `stop` is requested.
  std::optional<std::chrono::milliseconds> timeout = {};
  std::stop_token stop = {};
};

// Options of `get`, with the meaning that they have in a query.
struct GetOptions {
  std::optional<std::vector<std::string>> fields = {};
  std::vector<std::string> expand = {};
};

}  // namespace struere
