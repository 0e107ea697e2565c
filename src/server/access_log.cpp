#include "server/access_log.hpp"

#include <algorithm>

#include "struere/core/clock.hpp"

namespace struere::server {
namespace {

// The trace id of a W3C traceparent, or empty if the header is not one.
std::string trace_id(const Request& request) {
  const auto header = request.header("traceparent");
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (!header || header->size() < 55 || (*header)[2] != '-' || (*header)[35] != '-') return {};
  const std::string_view id = header->substr(3, 32);
  return std::ranges::all_of(id, is_hex) ? std::string(id) : std::string();
}

}  // namespace

std::string access_line(const Request& request, const Admission& admission, const Response& response,
                        std::chrono::nanoseconds duration) {
  Json out{{"time", system_clock().now()},
           {"method", request.is_head ? "HEAD" : to_string(request.method)},
           {"route", admission.route ? Json(admission.route->pattern) : Json(nullptr)},
           {"status", response.status},
           {"code", response.code},
           {"milliseconds",
            static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000.0},
           {"bytesIn", request.body.size()},
           {"bytesOut", response.body.size()},
           {"peer", request.peer}};
  if (admission.asker) {
    const ActorContext actor = admission.asker->session.actor();
    out["organization"] = actor.organization().str();
    out["environment"] = to_string(actor.environment());
    out["actorType"] = to_string(actor.type());
  }
  if (const std::string trace = trace_id(request); !trace.empty()) out["traceId"] = trace;
  if (!response.hidden_detail.empty()) out["error"] = response.hidden_detail;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace struere::server
