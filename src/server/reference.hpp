// The route table as documents: OpenAPI 3.1, and the page docs/http.md.
#pragma once

#include <string>
#include <vector>

#include "server/route.hpp"
#include "struere/model/entity_type.hpp"

namespace struere::server {

// `types` are those whose schemas the reader may know: they become schemas of their own.
Json open_api(const std::vector<Route>& routes, const std::vector<EntityType>& types);

// The tables of docs/http.md, between its two markers.
std::string reference_tables(const std::vector<Route>& routes);

// The schemas of requests and answers, by the names that routes use. One that is missing here accepts anything.
const Json& schemas();

}  // namespace struere::server
