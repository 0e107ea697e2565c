// Queries as the bodies of requests carry them.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "server/body_object.hpp"
#include "server/call.hpp"
#include "struere/core/error.hpp"
#include "struere/query/query.hpp"

namespace struere::server {

// where, status, search, order, limit, cursor, fields, expand: those of them that the body has. The query ends after
// ServerLimits::query_time.
struct AskedQuery {
  Query query;
  std::optional<std::string> mistake;  // in the first member that is of another type
};

AskedQuery read_query(const BodyObject& body, const Call& call);

// What `ask(query)` answers. A mistake is invalid_query, at its place in the order of checks: an actor that may not
// list the type is told that first.
template <class Ask>
auto ask_query(const BodyObject& body, const Call& call, Ask&& ask) {
  AskedQuery asked = read_query(body, call);
  if (!asked.mistake) return ask(std::as_const(asked.query));
  asked.query.limit = 0;  // invalid as well
  asked.query.where = Condition(Json("invalid"));
  try {
    return ask(std::as_const(asked.query));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_query) throw;
    throw error.with_message(*asked.mistake);
  }
}

}  // namespace struere::server
