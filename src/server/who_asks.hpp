// The one place where a request becomes a session (SPEC 2).
#pragma once

#include "server/call.hpp"

namespace struere::server {

// Takes an API key or an operator's cookie, and `Struere-View-As`. `is_read`: the route only reads. Throws
// Error{unauthenticated} if neither is valid, and Refusal for contradictions, a missing environment, or a page of
// another site.
Asker who_asks(const Request& request, const Services& services, bool is_read);

// Reads user:ID, agent:SLUG, key:KEY_ID or roles:NAME,NAME. Throws Refusal{400}.
ImpersonateOptions read_actor_name(std::string_view text);

}  // namespace struere::server
