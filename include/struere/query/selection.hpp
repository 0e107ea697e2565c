// The query that a storage gets: a page of the rows of one type that some grant admits, masked, filtered and ordered.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/model/entity.hpp"
#include "struere/model/entity_type.hpp"
#include "struere/query/mask.hpp"
#include "struere/query/predicate.hpp"

namespace STRUERE_API struere {

// The rows that a role admits, and how it masks them. A row is in the view if some grant admits it; its cells are
// masked by all grants that admit it (SPEC 4 and 5).
struct Grant {
  Predicate predicate = Predicate::always();
  Mask mask = {};
};

// Ordered by the names of their roles, which decides between two redactions. Without grants nothing is admitted.
using Grants = std::vector<Grant>;

struct OrderKey {
  FieldPath field;
  bool descending = false;

  friend bool operator==(const OrderKey&, const OrderKey&) = default;
};

// Where a page ends: for each key of the order, the sort key (comparison.hpp) of the last row as its view shows it.
using Position = std::vector<std::string>;

struct Search {
  std::vector<std::string> terms;  // the words of the text (core/words.hpp); without any, nothing matches
  std::vector<FieldPath> fields;   // the search fields of the type
};

// When a query is cancelled with Error{storage}.
struct Interruption {
  std::optional<std::chrono::steady_clock::time_point> deadline = {};
  std::stop_token stop = {};

  bool may_come() const noexcept { return deadline || stop.stop_possible(); }
  bool is_due() const noexcept {
    return stop.stop_requested() || (deadline && std::chrono::steady_clock::now() >= *deadline);
  }
};

// Contains no scope: the transaction has it.
struct Selection {
  EntityTypeKey type = 0;
  std::string type_slug;  // as the rows name their type
  std::shared_ptr<const Grants> grants;
  ActorValues actor;

  std::optional<std::string> id = {};                             // only this row
  std::shared_ptr<const std::vector<std::string>> ids = nullptr;  // or these rows, distinct and valid UTF-8
  Predicate filter = Predicate::always();  // true of the view, redacted leaves taken away (MaskPurpose::query)
  std::optional<Search> search = {};       // the same
  std::vector<OrderKey> order = {};        // complete: its last key is the id
  std::int64_t limit = 1;
  // A page ends after the row with which the `data` of its rows reaches this many bytes.
  std::size_t most_bytes = static_cast<std::size_t>(-1);
  std::optional<Position> after = {};
  Interruption interruption = {};
  // A hint: afterwards nothing but its generation() is asked of the transaction, which may end along with this query.
  bool is_last = false;

  // Returned for each row in addition (Page): its values at these fields of `data` as a query sees them, and its
  // position in the order.
  std::vector<FieldPath> values = {};
  bool with_positions = false;
};

struct Page {
  std::vector<Entity> rows;
  std::optional<Position> next;  // of the last row, if there are more rows
  // For each row, if the selection asks for them.
  std::vector<std::vector<std::optional<Json>>> values;
  std::vector<Position> positions;
};

// A row as it is stored, unmasked: only for writes.
struct StoredEntity {
  EntityTypeKey type = 0;
  std::string id;
  std::string data;  // canonical JSON
  std::string status;
  Timestamp created_at = 0;
  Timestamp updated_at = 0;
  std::int64_t version = 0;
  bool deleted = false;
};

}  // namespace struere
