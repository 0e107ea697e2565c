// The files of the route table. Each function adds the routes of the file of its name.
#pragma once

#include <vector>

#include "server/route.hpp"

namespace struere::server {

std::vector<Route> all_routes();

void add_status_routes(std::vector<Route>& routes);
void add_entity_routes(std::vector<Route>& routes);

}  // namespace struere::server
