// Finds the route of a request.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "server/request.hpp"
#include "server/route.hpp"

namespace struere::server {

class RouteTable {
 public:
  // Throws std::logic_error if two routes could both match one request equally well.
  explicit RouteTable(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string> parameters;
  };

  // A literal segment goes before a parameter. Throws Refusal: 404 for an unknown path, 405 with Allow for an unknown
  // method, 400 for a parameter of the query or a condition in a header that the route does not have, 415 for a
  // body that is not UTF-8.
  Match find(const Request& request) const;

  bool knows(const Request& request) const;  // its path, with any method

  const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  struct Row {
    const Route* route;
    std::vector<std::string> segments;
  };

  std::vector<Route> routes_;
  std::map<std::size_t, std::vector<Row>> by_length_;  // by the number of segments, the most literal first
};

}  // namespace struere::server
