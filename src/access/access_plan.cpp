#include "struere/access/access_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace struere {

namespace {

// A denied field is one that every grant hides. One that cannot be read hides everything: nothing fails open.
void restrict(Mask& mask, const Restriction& restriction) {
  for (const std::string& text : restriction.denied_fields) {
    if (auto field = FieldPath::parse(text))
      mask.hidden.push_back(*std::move(field));
    else
      mask.visible = std::vector<FieldPath>();
  }
}

}  // namespace

Decision decide(const RuleBook& rules, const ActorContext& actor, Action action, std::string_view resource) {
  if (actor.restriction() && !actor.restriction()->permits(action))
    return Decision(false, fmt::format("the tool's permission does not allow `{}`", to_string(action)), {}, 0);
  if (actor.type() == ActorType::system) return Decision::allow("system actors pass the policies of their own scope");
  if (actor.is_org_admin()) return Decision::allow("org admins pass the policies of their own organization");
  std::vector<RolePolicies> policies;
  for (const Role* role : rules.roles_of(actor)) policies.push_back({role->name, role->policies});
  return decide(policies, action, resource);
}

AccessPlan compile(const RuleBook& rules, const ActorContext& actor, Action action, const std::string& type) {
  Decision decision = decide(rules, actor, action, type);
  auto grants = std::make_shared<Grants>();
  std::vector<std::string> grant_roles;
  if (decision && actor.passes_policies()) {
    grants->push_back(Grant{});
    grant_roles.emplace_back(to_string(actor.type()));
  } else if (decision) {
    for (const Role* role : rules.roles_of(actor)) {
      const bool allows =
          std::ranges::any_of(role->policies, [&](const Policy& policy) { return policy.matches(action, type); });
      if (!allows) continue;  // as the decision is to allow, what matches allows
      const auto on_type = role->types.find(type);
      if (on_type == role->types.end())
        grants->push_back(Grant{});
      else if (on_type->second.broken)
        continue;
      else
        grants->push_back(Grant{on_type->second.predicate, on_type->second.mask});
      grant_roles.push_back(role->name);
    }
  }
  if (actor.restriction())
    for (Grant& grant : *grants) restrict(grant.mask, *actor.restriction());
  return AccessPlan(std::move(decision), std::move(grants), std::move(grant_roles));
}

ActorValues actor_values(const ActorContext& actor) { return {actor.id(), actor.organization().str()}; }

}  // namespace struere
