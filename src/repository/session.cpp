#include "struere/repository/session.hpp"

#include "actor/impersonation.hpp"
#include "core/authority.hpp"
#include "repository/entity_writer.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/kept_answers.hpp"
#include "repository/unit_of_work.hpp"

namespace struere {

Decision Session::can(Action action, std::string_view resource) const { return decision_of(caller_, action, resource); }

void Session::run_transaction(const std::function<void(Session& unit)>& body) const { run_unit(caller_, body); }

OnceAnswer Session::once(const OnceKey& key, const std::function<Json(Session& unit)>& body) const {
  return carry_out_once(caller_, key, body);
}

const Caller& Session::caller(const Authority& authority) const {
  require_authority(authority);
  return caller_;
}

Session Session::impersonate(const ImpersonateOptions& as) const {
  guarded(caller_, Access::read, {"impersonate", "actors"}, [&](GuardedOperation& operation) {
    operation.require_host_or_admin("act as another actor");
    if (actor().impersonated_by())
      throw Error(ErrorCode::permission_denied, "an impersonated actor cannot impersonate another one");
  });
  Engine& engine = caller_.engine();
  check_arguments(caller_, [&] { require_no_unit(engine); });
  return Session(
      Caller(authority(), caller_.shared_engine(), impersonated_actor(*engine.storage, *engine.clock, actor(), as)));
}

Explanation Session::explain(const Session& about, Action action, const std::string& resource,
                             const std::optional<EntityId>& id, const std::optional<ProposedWrite>& write) const {
  return guarded(caller_, Access::read, {"explain", resource}, [&](GuardedOperation& operation) {
    operation.require_admin("explain what others may do");
    if (&caller_.engine() != &about.caller_.engine() || actor().scope() != about.actor().scope())
      throw Error(ErrorCode::permission_denied, "explain() works only within one organization and environment");
    return explain_operation(operation, about.actor(), action, resource, id, write);
  });
}

}  // namespace struere
