#include "server/application.hpp"

#include <algorithm>

#include "server/assets.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/who_asks.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

// A handler of a file of the dashboard, for a path that is no route.
const Route& asset_route() {
  static const Route route{.pattern = "/",
                           .summary = "The dashboard",
                           .handler = [](const Call& call) { return asset_response(call.request()); },
                           .lane = Lane::brief,
                           .access = Access::open};
  return route;
}

std::string_view media_type(std::string_view content_type) noexcept {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type;
}

void require_body_type(const Request& request, const Route& route) {
  if (const auto encoding = request.header("content-encoding"); encoding && *encoding != "identity")
    throw Refusal(415, "unsupported_media_type", "the server does not decompress; send the body as it is");
  if (route.request.empty()) return;
  const auto type = request.header("content-type");
  if (!type || media_type(*type) != route.request_type)
    throw Refusal(415, "unsupported_media_type", "send the body with Content-Type: " + route.request_type);
}

bool is_blank(std::string_view body) noexcept {
  return std::ranges::all_of(
      body, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '{' || c == '}'; });
}

}  // namespace

std::string Admission::organization() const {
  return asker ? asker->session.actor().organization().str() : std::string();
}

Application::Application(Services services)
    : services_(std::move(services)), hosts_(services_.options), routes_(all_routes()) {}

Admission Application::admit(Request& request) const {
  require_distinct_headers(request);
  hosts_.require_known(request);
  read_target(request);
  Admission out;
  if (request.segments.front() != "v1" && request.method == Method::get &&
      (is_asset(request) || (is_page(request) && !routes_.knows(request)))) {
    out.route = &asset_route();
    return out;
  }
  auto match = routes_.find(request);
  out.route = match.route;
  out.parameters = std::move(match.parameters);
  if (match.route->access == Access::session)
    out.asker = who_asks(request, services_, match.route->lane != Lane::write);
  if (request.method != Method::get) require_body_type(request, *match.route);
  constexpr std::size_t empty_object = 16;  // many clients send {} where there is no body
  out.body_bytes = match.route->request.empty() ? empty_object
                                                : match.route->body_bytes.value_or(services_.options.limits.body_bytes);
  return out;
}

Response Application::carry_out(const Request& request, const Admission& admission) const noexcept {
  try {
    if (admission.route->request.empty() && !is_blank(request.body))
      throw Refusal(400, "malformed_request", "this route takes no body");
    return admission.route->handler(
        Call(request, services_, admission.parameters, admission.asker ? &*admission.asker : nullptr));
  } catch (...) {
    return refused();
  }
}

Response Application::refused() const noexcept {
  try {
    throw;
  } catch (const std::exception& error) {
    return problem(error);
  } catch (...) {
    return problem(std::exception());
  }
}

}  // namespace struere::server
