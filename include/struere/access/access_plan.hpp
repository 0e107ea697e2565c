// Everything that one set of roles may do to one entity type with one action, worked out once (SPEC 4 and 5).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/policy.hpp"
#include "struere/access/rule_book.hpp"
#include "struere/core/shared.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_API struere {

// Immutable; may be shared between threads. Holds no actor: `actor.userId` and the like are filled in for each request,
// so that actors with the same roles share a plan. A plan that is not allowed has no grants and admits nothing.
class AccessPlan {
 public:
  AccessPlan(Decision decision, std::shared_ptr<const Grants> grants, std::vector<std::string> grant_roles)
      : decision_(std::move(decision)), grants_(std::move(grants)), grant_roles_(std::move(grant_roles)) {}

  const Decision& decision() const noexcept { return decision_; }
  const std::shared_ptr<const Grants>& grants() const noexcept { return grants_; }
  const std::vector<std::string>& grant_roles() const noexcept { return grant_roles_; }  // beside grants()

 private:
  Decision decision_;
  Shared<const Grants> grants_;
  std::vector<std::string> grant_roles_;
};

// Whether the actor, or an actor with these roles, may do this at all; rows are not looked at.
Decision decide(const RuleBook& rules, const ActorContext& actor, Action action, std::string_view resource);
Decision decide(std::span<const Role* const> roles, Action action, std::string_view resource);

AccessPlan compile(const RuleBook& rules, const ActorContext& actor, Action action, const std::string& type);
// That of these roles alone, sorted by name: no restriction, and nothing is passed.
AccessPlan compile(const RuleBook& rules, std::span<const Role* const> roles, Action action, const std::string& type);

// What a tool's permission hides of the type from its actor; part of every mask of the actor's plans. Empty for others.
Mask denied_fields(const RuleBook& rules, const ActorContext& actor, const std::string& type);

// The values of SPEC 4 that a predicate may ask for.
ActorValues actor_values(const ActorContext& actor);

}  // namespace struere
