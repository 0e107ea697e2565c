// The packs of an environment of a server.
#pragma once

#include <memory>

#include "cli/http_client.hpp"
#include "cli/place.hpp"

namespace struere::cli {

std::unique_ptr<PackPlace> remote_packs(std::shared_ptr<const HttpClient> client, Environment environment);

}  // namespace struere::cli
