#include "server/host_names.hpp"

#include <algorithm>

#include "server/refusal.hpp"

namespace struere::server {
namespace {

// "[::1]:80" is "[::1]", "a.example:80" is "a.example". Empty if the port is not a number.
std::string_view without_port(std::string_view host) noexcept {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return host;
  const std::string_view port = host.substr(colon + 1);
  if (!std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; })) return {};
  return host.substr(0, colon);
}

}  // namespace

HostNames::HostNames(const ServerOptions& options) : names_{"localhost", "127.0.0.1", "[::1]"} {
  names_.insert(options.address.find(':') == std::string::npos ? options.address : "[" + options.address + "]");
  for (const std::string& name : options.hosts) names_.insert(lower_case(name));
}

void HostNames::require_known(const Request& request) const {
  const auto host = request.header("host");
  if (!host || without_port(*host).empty())
    throw Refusal(400, "malformed_request", "the request needs one Host header");
  if (!names_.contains(lower_case(without_port(*host))))
    throw Refusal(421, "unknown_host", "this server does not answer under that name; start it with --host NAME");
}

}  // namespace struere::server
