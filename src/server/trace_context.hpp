// The trace of a request (W3C Trace Context).
#pragma once

#include <optional>
#include <string>

#include "server/request.hpp"

namespace struere::server {

// The trace id of the header `traceparent`. nullopt if the header is missing or not valid: it is then ignored.
std::optional<std::string> trace_id_of(const Request& request);

}  // namespace struere::server
