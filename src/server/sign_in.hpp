// How operators are recognised: the cookie of a session, its secret as a bearer token, or the host's own sign-in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "server/call.hpp"
#include "server/response.hpp"
#include "struere/repository/operator_sessions.hpp"

namespace struere::server {

// The operator of a request; nullopt if it has neither a session nor the host's own sign-in. It may have an API key.
// Throws Error{unauthenticated} if the session has ended. Only reads.
std::optional<Operator> find_operator(const Request& request, const Services& services);

// What follows `Bearer` in Authorization; nullopt if the header is missing. Throws Error{unauthenticated} for another
// scheme.
std::optional<std::string_view> bearer_token(const Request& request);

// Refuses what a page of another site made the browser send: Sec-Fetch-Site must be same-origin; without that header,
// Origin must be this server. A page can forge neither. Throws Refusal{403}.
void require_same_origin(const Request& request);

// Set-Cookie for a new session, and for none.
std::string session_cookie(const OperatorSecret& made);
std::string ended_cookie();

}  // namespace struere::server
