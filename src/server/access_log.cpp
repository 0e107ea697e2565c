#include "server/access_log.hpp"

#include "server/trace_context.hpp"
#include "struere/core/clock.hpp"

namespace struere::server {

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
  if (const auto trace = trace_id_of(request)) out["traceId"] = *trace;
  if (!response.hidden_detail.empty()) out["error"] = response.hidden_detail;
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace struere::server
