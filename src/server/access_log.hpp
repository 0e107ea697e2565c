// The lines of the access log.
#pragma once

#include <chrono>
#include <string>

#include "server/application.hpp"

namespace struere::server {

// One JSON object: the route and not the path, the organization and not the actor, and nothing of the body.
std::string access_line(const Request& request, const Admission& admission, const Response& response,
                        std::chrono::nanoseconds duration);

}  // namespace struere::server
