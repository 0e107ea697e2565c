// From a request to its answer, without a socket: routes, who asks, handlers, problems.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "server/call.hpp"
#include "server/host_names.hpp"
#include "server/metrics.hpp"
#include "server/response.hpp"
#include "server/route_table.hpp"

namespace struere::server {

// Everything about a request that is decided before its body is read, so that nobody sends a long one in vain.
struct Admission {
  const Route* route = nullptr;
  std::map<std::string, std::string> parameters;
  std::optional<Asker> asker;
  Lane lane = Lane::brief;
  std::size_t body_bytes = 0;                                               // at most
  std::vector<std::pair<std::string, std::string>> headers;                 // of the answer, whatever it is
  bool needs_database() const { return route->access == Access::session; }  // to be admitted
  // Whose turn an operation takes: the organization, or empty.
  std::string organization() const;
};

// Immutable; used by all threads.
class Application {
 public:
  explicit Application(Services services);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  // The route of a request. Throws Refusal. Fills what the target says into `request`.
  Admission route(Request& request) const;
  // Then who asks: waits for the database where needs_database(). Throws Refusal or Error.
  void admit(const Request& request, Admission& admission) const;
  // Runs the handler, once the body is there. Does not throw.
  Response carry_out(const Request& request, const Admission& admission) const noexcept;
  // The problem of what admit() threw; called in a handler of exceptions.
  Response refused() const noexcept;

  // Counts and logs an answer that was made, and how long that took.
  void note(const Request& request, const Admission& admission, const Response& response,
            std::chrono::nanoseconds duration) const noexcept;

  const RouteTable& routes() const noexcept { return routes_; }
  Metrics& metrics() const noexcept { return *metrics_; }
  const Services& services() const noexcept { return services_; }

 private:
  Services services_;
  HostNames hosts_;
  RouteTable routes_;
  std::unique_ptr<Metrics> metrics_;
};

}  // namespace struere::server
