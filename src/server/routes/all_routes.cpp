#include "server/routes/all_routes.hpp"

namespace struere::server {

std::vector<Route> all_routes() {
  std::vector<Route> out;
  add_status_routes(out);
  add_entity_routes(out);
  add_transfer_routes(out);
  add_relation_routes(out);
  add_transaction_routes(out);
  add_access_routes(out);
  add_event_routes(out);
  add_conversation_routes(out);
  add_agent_routes(out);
  add_definition_routes(out);
  add_plan_routes(out);
  add_pack_routes(out);
  add_member_routes(out);
  add_key_routes(out);
  add_run_routes(out);
  add_operator_routes(out);
  add_maintenance_routes(out);
  return out;
}

}  // namespace struere::server
