#include "struere/access/access_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace struere {

namespace {

// No actor may change the user that it is. Therefore each grant in the plan of a write hides the field that binds
// entities of the type to users (SPEC 6). If the path of that field cannot be parsed, the grant hides everything.
void keep_identity(Mask& mask, const EntityType& type) {
  if (auto field = FieldPath::parse("data." + type.user_id_field))
    mask.hidden.push_back(*std::move(field));
  else
    mask.visible = std::vector<FieldPath>();
}

}  // namespace

Decision decide(const RuleBook& rules, const ActorContext& actor, Action action, std::string_view resource) {
  if (actor.restriction() && !actor.restriction()->permits(action))
    return Decision(false, fmt::format("the tool's permission does not allow `{}`", to_string(action)), {}, 0);
  if (actor.type() == ActorType::system) return Decision::allow("system actors pass the policies of their own scope");
  if (actor.is_org_admin()) return Decision::allow("org admins pass the policies of their own organization");
  return decide(rules.roles_of(actor), action, resource);
}

Decision decide(std::span<const Role* const> roles, Action action, std::string_view resource) {
  std::vector<RolePolicies> policies;
  policies.reserve(roles.size());
  for (const Role* role : roles) policies.push_back({role->name, role->policies});
  return decide(policies, action, resource);
}

// Every grant hides the denied fields. If a path cannot be parsed, the grant hides everything: nothing fails open.
Mask denied_fields(const RuleBook& rules, const ActorContext& actor, const std::string& type) {
  Mask out;
  if (!actor.restriction()) return out;
  for (const std::string& text : actor.restriction()->denied_fields) {
    if (const auto field = FieldPath::parse(text))
      rules.hide(out, *field, type);
    else
      out.visible = std::vector<FieldPath>();
  }
  return out;
}

namespace {

struct RoleGrants {
  Grants grants;
  std::vector<std::string> roles;
};

// The grants of the roles, if together they allow the action on the type.
RoleGrants grants_of(const RuleBook& rules, std::span<const Role* const> roles, Action action,
                     const std::string& type) {
  RoleGrants out;
  for (const Role* role : roles) {
    const auto allows =
        std::ranges::any_of(role->policies, [&](const Policy& policy) { return policy.matches(action, type); });
    if (!allows) continue;  // the decision is `allow`, so no matching policy denies
    const auto on_type = role->types.find(type);
    if (on_type == role->types.end())
      out.grants.push_back(Grant{});
    else if (on_type->second.broken)
      continue;
    else
      out.grants.push_back(Grant{on_type->second.predicate, on_type->second.mask});
    out.roles.push_back(role->name);
  }
  const EntityType* const described = rules.find_type(type);
  if ((action == Action::create || action == Action::update) && described && described->bound_to_role)
    for (Grant& grant : out.grants) keep_identity(grant.mask, *described);
  return out;
}

AccessPlan plan_of(Decision decision, RoleGrants grants) {
  return AccessPlan(std::move(decision), std::make_shared<Grants>(std::move(grants.grants)), std::move(grants.roles));
}

}  // namespace

AccessPlan compile(const RuleBook& rules, const ActorContext& actor, Action action, const std::string& type) {
  Decision decision = decide(rules, actor, action, type);
  RoleGrants out;
  if (decision && actor.passes_policies())
    out = {{Grant{}}, {std::string(to_string(actor.type()))}};
  else if (decision)
    out = grants_of(rules, rules.roles_of(actor), action, type);
  const Mask denied = denied_fields(rules, actor, type);
  for (Grant& grant : out.grants) {
    grant.mask.hidden.insert(grant.mask.hidden.end(), denied.hidden.begin(), denied.hidden.end());
    if (denied.visible) grant.mask.visible = denied.visible;
  }
  return plan_of(std::move(decision), std::move(out));
}

AccessPlan compile(const RuleBook& rules, std::span<const Role* const> roles, Action action, const std::string& type) {
  Decision decision = decide(roles, action, type);
  RoleGrants grants = decision ? grants_of(rules, roles, action, type) : RoleGrants();
  return plan_of(std::move(decision), std::move(grants));
}

ActorValues actor_values(const ActorContext& actor) { return {actor.id(), actor.organization().str()}; }

}  // namespace struere
