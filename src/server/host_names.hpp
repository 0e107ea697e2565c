// The names under which a server answers. A page of another site can make a name of its own point at a server on
// loopback; its requests carry that name.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "server/request.hpp"
#include "struere/server/server.hpp"

namespace struere::server {

class HostNames {
 public:
  explicit HostNames(const ServerOptions& options);

  // Throws Refusal: 400 without exactly one host, 421 for another name. The port does not matter.
  void require_known(const Request& request) const;

 private:
  std::set<std::string, std::less<>> names_;  // lower case
};

}  // namespace struere::server
