#include "server/routes/all_routes.hpp"

namespace struere::server {

std::vector<Route> all_routes() {
  std::vector<Route> out;
  add_status_routes(out);
  add_entity_routes(out);
  return out;
}

}  // namespace struere::server
