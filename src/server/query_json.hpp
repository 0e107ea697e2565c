// Queries as the bodies of requests carry them.
#pragma once

#include "server/body_object.hpp"
#include "server/call.hpp"
#include "struere/query/query.hpp"

namespace struere::server {

// where, status, search, order, limit, cursor, fields, expand: those of them that the body has. The query ends after
// ServerLimits::query_time. Throws Refusal{400} for a member of another type, and Error{invalid_query}.
Query query_of(const BodyObject& body, const Call& call);

}  // namespace struere::server
