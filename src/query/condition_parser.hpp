// Rules and filters are written alike (SPEC 4); this reads both. Every mistake is refused, with an error that names it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "struere/core/error.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/predicate.hpp"
#include "struere/query/query.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// What only a role's rules may say: values of the actor's, and paths of relations.
class RuleWords {
 public:
  virtual ~RuleWords() = default;
  virtual OwnEntity own_entity() const = 0;
};

// One condition. Without `words` values are plain and paths refused, as in a query. `code` is the error's. `left` is
// how many conditions there may be, and is counted down.
Predicate parse_condition(const Json& node, const RuleWords* words, ErrorCode code, std::size_t& left);

// A caller's query, checked: everything of a Selection that comes from it but the cursor.
struct ParsedQuery {
  Predicate filter = Predicate::always();
  std::optional<Search> search;
  std::vector<OrderKey> order;
  std::int64_t limit = 50;
  // What a cursor is bound to besides scope and type.
  std::string question;
};

// Throws invalid_query. `search_fields` are the entity type's.
ParsedQuery parse_query(const Query& query, const std::vector<FieldPath>& search_fields);

// The groups and measures of an aggregate, checked; without its limit. Throws invalid_query.
Aggregation parse_aggregation(const std::vector<std::string>& group_by, const std::vector<Measure>& measures);

// Distinct fields of `data`, at most `most`; `what` is the name of the list. Throws invalid_query.
std::vector<FieldPath> parse_shown_fields(const std::vector<std::string>& fields, const char* what, std::size_t most);

}  // namespace struere
