#include "actor/tool_identity.hpp"

#include "core/authority.hpp"

namespace struere {

ActorContext ToolIdentityResolver::resolve(const ActorContext& caller, const ToolPermission& permission,
                                           const std::optional<ActorRole>& role) {
  ActorParts state{caller.scope(), caller.type(), caller.id(), caller.roles(), caller.is_org_admin()};
  state.cascade_depth = caller.cascade_depth();
  state.cascade_origin = caller.cascade_origin();
  if (caller.impersonated_by()) state.impersonated_by = std::make_shared<const ActorName>(*caller.impersonated_by());
  state.may_write = caller.may_write();
  if (permission.identity == ToolIdentity::system) {
    state.type = ActorType::system;
    state.id = "system";
    state.roles.clear();
    state.is_org_admin = false;
  } else if (permission.identity == ToolIdentity::configured) {
    // The actor has only this role. If it passed policies, the role would have no effect.
    if (state.type == ActorType::system) state.type = ActorType::agent;
    state.is_org_admin = false;
    state.roles.clear();
    if (role) state.roles.push_back(*role);
  }
  Restriction restriction{permission.allowed_actions, permission.denied_fields};
  if (caller.restriction()) restriction = narrowed(restriction, *caller.restriction());
  state.restriction =
      std::make_shared<const Restriction>(std::move(restriction));  // set even if it is empty: the actor is a tool
  return ActorContext(authority(), std::move(state)).traced(authority(), caller.shared_trace_id());
}

}  // namespace struere
