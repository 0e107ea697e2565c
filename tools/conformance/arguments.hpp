// Turns the arguments of steps into the types that the library's interface takes.
//
// A scenario may write any JSON where the library has a type. A value that the type cannot hold is replaced by a
// value of the type that the library must refuse for the same reason. So the library still decides which of several
// checks fails first.
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

// Throws std::invalid_argument if a step lacks an argument that its operation needs.
const std::string& text_in(const Json& step, const char* key);
const Json& value_in(const Json& step, const char* key);
RelationDirection direction_in(const Json& step);

// The library refuses an argument that is malformed here with invalid_query.
void set_where(Query& query, Json where);
void set_text(Query& query, std::optional<std::string> Query::*member, const Json& text);
void set_order(Query& query, const Json& order);
void set_limit(Query& query, const Json& limit);

// The paths of `fields`, `expand` or `groupBy`, and measures. The library refuses malformed ones with invalid_query.
std::vector<std::string> paths_in(const Json& list);
std::vector<Measure> measures_in(Query& query, const Json& list);

// A status that is not a text becomes the empty one; a version that is not a whole number becomes -1, as no row has
// it.
std::string written_status(const Json& status);
std::int64_t expected_version(const Json& version);

}  // namespace struere::conformance
