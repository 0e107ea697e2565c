// The files of the route table. Each function adds the routes of the file of its name.
#pragma once

#include <vector>

#include "server/route.hpp"

namespace struere::server {

std::vector<Route> all_routes();

void add_status_routes(std::vector<Route>& routes);
void add_entity_routes(std::vector<Route>& routes);
void add_transfer_routes(std::vector<Route>& routes);  // export and import
void add_relation_routes(std::vector<Route>& routes);
void add_transaction_routes(std::vector<Route>& routes);
void add_access_routes(std::vector<Route>& routes);  // can and explain
void add_event_routes(std::vector<Route>& routes);
void add_conversation_routes(std::vector<Route>& routes);  // threads and messages
void add_agent_routes(std::vector<Route>& routes);         // with tools and executions
void add_definition_routes(std::vector<Route>& routes);
void add_plan_routes(std::vector<Route>& routes);
void add_pack_routes(std::vector<Route>& routes);
void add_member_routes(std::vector<Route>& routes);
void add_key_routes(std::vector<Route>& routes);
void add_run_routes(std::vector<Route>& routes);
void add_operator_routes(std::vector<Route>& routes);
void add_maintenance_routes(std::vector<Route>& routes);

}  // namespace struere::server
