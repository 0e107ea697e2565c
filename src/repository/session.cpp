#include "struere/repository/session.hpp"

#include <algorithm>

#include "actor/impersonation.hpp"
#include "core/authority.hpp"
#include "repository/entity_reader.hpp"
#include "repository/entity_writer.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/unit_of_work.hpp"

namespace struere {

Decision Session::can(Action action, std::string_view resource) const { return decision_of(caller_, action, resource); }

void Session::run_transaction(const std::function<void(Session& unit)>& body) const { run_unit(caller_, body); }

const Caller& Session::caller(const Authority& authority) const {
  require_authority(authority);
  return caller_;
}

Session Session::impersonate(const ImpersonateOptions& as) const {
  guarded(caller_, Access::read, {"impersonate", "actors"}, [&](GuardedOperation& operation) {
    operation.require_host_or_admin("act as another actor");
    if (actor().impersonated_by())
      throw Error(ErrorCode::permission_denied, "an actor that is acted as cannot act as another one");
  });
  Engine& engine = caller_.engine();
  require_no_unit(engine);
  return Session(
      Caller(authority(), caller_.shared_engine(), impersonated_actor(*engine.storage, *engine.clock, actor(), as)));
}

Explanation Session::explain(const Session& about, Action action, const std::string& resource,
                             const std::optional<EntityId>& id, const std::optional<ProposedWrite>& write) const {
  return guarded(caller_, Access::read, {"explain", resource}, [&](GuardedOperation& operation) {
    operation.require_admin("explain what others may do");
    if (&caller_.engine() != &about.caller_.engine() || actor().scope() != about.actor().scope())
      throw Error(ErrorCode::permission_denied, "an actor is explained to its own organization and environment alone");
    return explain_operation(operation, about.actor(), action, resource, id, write);
  });
}

QueryProfile Session::profile(const Session& about, const std::string& type, const Query& query) const {
  constexpr int most_runs = 20;
  constexpr std::chrono::milliseconds long_enough(200);
  QueryProfile out;
  out.explanation = explain(about, Action::list, type);
  if (!out.explanation.decision) return out;
  out.steps = guarded(about.caller_, Access::read, {"list", type},
                      [&](GuardedOperation& operation) { return plan_of_list(operation, type, query); });
  const EntityRepository repository = about.entities(type);
  const auto begun = std::chrono::steady_clock::now();
  for (auto now = begun; out.runs == 0 || (out.runs < most_runs && now - begun < long_enough); ++out.runs) {
    out.rows = static_cast<std::int64_t>(repository.list(query).size());
    const auto end = std::chrono::steady_clock::now();
    if (out.runs == 0) out.first = end - now;
    out.best = out.runs == 0 ? out.first : std::min(out.best, std::chrono::nanoseconds(end - now));
    now = end;
  }
  return out;
}

}  // namespace struere
