// The arguments of steps, as the typed interface of the library takes them.
//
// A scenario may write any JSON where the library has a type. What the type cannot hold is replaced by a value of the
// type that the library must refuse for the same reason, so that it is still the library that decides which of several
// checks answers first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/query/aggregate.hpp"
#include "struere/query/query.hpp"
#include "struere/repository/relation_repository.hpp"

namespace struere::conformance {

// Throw std::invalid_argument where a step lacks what its operation needs.
const std::string& text_in(const Json& step, const char* key);
const Json& value_in(const Json& step, const char* key);
RelationDirection direction_in(const Json& step);

// A query that is not one is refused with invalid_query.
void set_where(Query& query, Json where);
void set_text(Query& query, std::optional<std::string> Query::*member, const Json& text);
void set_order(Query& query, const Json& order);
void set_limit(Query& query, const Json& limit);

// Paths of `fields`, `expand` or `groupBy`, and measures: what is none is refused with invalid_query.
std::vector<std::string> paths_in(const Json& list);
std::vector<Measure> measures_in(Query& query, const Json& list);

// A status that is no text is refused as the empty one is; a version that is no whole number is that of no row.
std::string written_status(const Json& status);
std::int64_t expected_version(const Json& version);

}  // namespace struere::conformance
