// Reads the conditions of rules and filters, which have the same form (SPEC 4). The error names the mistake.
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

// The words that only rules of a role may use: values of the actor, and relation paths.
class RuleWords {
 public:
  virtual ~RuleWords() = default;
  virtual OwnEntity own_entity() const = 0;
};

// Reads one condition. If `words` is null, values are plain and relation paths are refused, as in a query. `code` is
// the code of the error. `left` is the number of conditions that are still allowed; each condition decrements it.
Predicate parse_condition(const Json& node, const RuleWords* words, ErrorCode code, std::size_t& left);

// A checked query: everything that a Selection takes from it, except the cursor.
struct ParsedQuery {
  Predicate filter = Predicate::always();
  std::optional<Search> search;
  std::vector<OrderKey> order;
  std::int64_t limit = 50;
};

// Throws invalid_query. `search_fields` are those of the entity type.
ParsedQuery parse_query(const Query& query, const std::vector<FieldPath>& search_fields);

// The text that a cursor is bound to, in addition to its scope and type. `query` was parsed, and `order` is the order
// of its ParsedQuery.
std::string question_of(const Query& query, const std::vector<OrderKey>& order);

// Checks the groups and measures of an aggregate, without its limit. Throws invalid_query.
Aggregation parse_aggregation(const std::vector<std::string>& group_by, const std::vector<Measure>& measures);

// Parses distinct fields of `data`, at most `most`; `what` is the name of the list. Throws invalid_query.
std::vector<FieldPath> parse_shown_fields(const std::vector<std::string>& fields, const char* what, std::size_t most);

}  // namespace struere
