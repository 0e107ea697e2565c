#include "struere/repository/session.hpp"

#include <algorithm>
#include <memory>

#include "actor/impersonation.hpp"
#include "core/authority.hpp"
#include "repository/entity_writer.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/kept_answers.hpp"
#include "repository/unit_of_work.hpp"

namespace struere {
namespace {

bool is_trace_id(const std::string& text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == 32 && std::ranges::all_of(text, is_hex) && text.find_first_not_of('0') != std::string::npos;
}

}  // namespace

Decision Session::can(Action action, std::string_view resource) const { return decision_of(caller_, action, resource); }

void Session::run_transaction(const std::function<void(Session& unit)>& body) const { run_unit(caller_, body); }

OnceAnswer Session::once(const OnceKey& key, const std::function<Json(Session& unit)>& body) const {
  check_arguments(caller_, [&] {
    if (!body) throw Error(ErrorCode::invalid_data, "there is nothing to carry out: the body is empty");
  });
  return carry_out_once(caller_, key, body);
}

Session Session::traced(const std::string& trace_id) const {
  check_arguments(caller_, [&] {
    if (!is_trace_id(trace_id))
      throw Error(ErrorCode::invalid_data, "a trace id is 32 lower-case hexadecimal digits, not all of them zero");
  });
  return Session(Caller(authority(), caller_.shared_engine(authority()),
                        actor().traced(authority(), std::make_shared<const std::string>(trace_id)),
                        caller_.shared_unit()));
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
  return Session(Caller(authority(), caller_.shared_engine(authority()),
                        impersonated_actor(*engine.storage, *engine.clock, actor(), as)));
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
