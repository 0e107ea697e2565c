#include "server/application.hpp"

#include <openssl/sha.h>

#include <algorithm>

#include "server/access_log.hpp"
#include "server/assets.hpp"
#include "server/idempotency.hpp"
#include "server/rate_limits.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "server/trace_context.hpp"
#include "server/who_asks.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/operator_sessions.hpp"

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

// In small letters, and without its parameters: RFC 9110 compares it without regard to case.
std::string media_type(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t'))
    content_type.remove_suffix(1);
  return lower_case(content_type);
}

void require_body_type(const Request& request, const Route& route) {
  if (const auto encoding = request.header("content-encoding"); encoding && lower_case(*encoding) != "identity")
    throw Refusal(415, "unsupported_media_type", "the server does not decompress; send the body as it is");
  if (route.request.empty()) return;
  const auto type = request.header("content-type");
  if (!type || media_type(*type) != route.request_type)
    throw Refusal(415, "unsupported_media_type", "send the body with Content-Type: " + route.request_type);
}

std::string fingerprint_of(const Request& request) {
  const std::string text = request.target + "\n" + request.body;
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

bool is_blank(std::string_view body) noexcept {
  return std::ranges::all_of(
      body, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '{' || c == '}'; });
}

// The operator's session whose use is to be noted; null if there is none.
const OperatorSession* session_to_touch(const Services& services, const Admission& admission) {
  if (!admission.asker || !admission.asker->operator_session) return nullptr;
  const auto& session = admission.asker->operator_session->session;
  const bool is_due = session && services.database.trusted_host().operator_sessions().is_touch_due(*session);
  return is_due ? &*session : nullptr;
}

}  // namespace

std::string Admission::organization() const {
  return asker ? asker->session.actor().organization().str() : std::string();
}

Application::Application(Services services)
    : services_(std::move(services)),
      hosts_(services_.options),
      routes_(all_routes()),
      metrics_(std::make_unique<Metrics>(routes_.routes())) {
  services_.application = this;
}

Admission Application::route(Request& request) const {
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
  out.lane = match.route->lane;
  return out;
}

void Application::admit(const Request& request, Admission& out) const {
  if (out.route == &asset_route()) return;
  if (out.needs_database()) {
    out.asker = who_asks(request, services_, out.route->lane != Lane::write);
    if (const auto trace = trace_id_of(request)) out.asker->session = out.asker->session.traced(*trace);
    const ActorContext actor = out.asker->session.actor();
    auto rate = services_.rate_limits->take(actor.organization().str(), actor.id(), std::chrono::steady_clock::now());
    if (!rate.is_allowed) throw Refusal(429, "limit", "too many requests; wait a second", std::move(rate.headers));
    out.headers = std::move(rate.headers);
    // The use of a session is noted at most once a minute, and may then wait for a writer.
    if (out.lane == Lane::brief && session_to_touch(services_, out)) out.lane = Lane::read;
  }
  if (request.method != Method::get) require_body_type(request, *out.route);
  constexpr std::size_t empty_object = 16;  // many clients send {} where there is no body
  out.body_bytes =
      out.route->request.empty() ? empty_object : out.route->body_bytes.value_or(services_.options.limits.body_bytes);
}

Response Application::carry_out(const Request& request, const Admission& admission) const noexcept {
  try {
    if (admission.route->request.empty() && !is_blank(request.body))
      throw Refusal(400, "malformed_request", "this route takes no body");
    if (const OperatorSession* const session = session_to_touch(services_, admission))
      services_.database.trusted_host().operator_sessions().touch(*session);
    const Route& route = *admission.route;
    const auto key = request.header("idempotency-key");
    if (!key || route.idempotency == Idempotency::none || !admission.asker)
      return route.handler(
          Call(request, services_, admission.parameters, admission.asker ? &*admission.asker : nullptr));
    Asker asker = *admission.asker;
    return services_.idempotent_answers->once(
        route, admission.asker->session, {std::string(*key), fingerprint_of(request)},
        [&](const Session& session, bool is_unit, bool& has_written) {
          asker.session = session;
          return route.handler(Call(request, services_, admission.parameters, &asker, is_unit, &has_written));
        });
  } catch (...) {
    return refused();
  }
}

void Application::note(const Request& request, const Admission& admission, const Response& response,
                       std::chrono::nanoseconds duration) const noexcept {
  metrics_->count(admission.route, response.code, duration);
  try {
    if (const auto& log = services_.options.access_log)
      log(access_line(request, admission, response, duration), response.status);
  } catch (...) {  // a log that fails must not take the answer with it
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
