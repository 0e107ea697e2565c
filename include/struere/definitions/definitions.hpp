// Brings one scope to what a set of definitions says: plan, then apply; to production as numbered releases.
//
//   Definitions development(development_session), production(production_session);
//   development.apply(development.plan(read_definitions("project")));
//   const Release release = production.deploy(production.plan(development.current()), "opening hours");
//   production.deploy(production.plan_rollback(release.number - 1), "they were wrong");
//
// Data, keys, assignments and the other environment are never touched. An agent's name and description, and
// what its tools may do, are shared by both environments (SPEC 1): a plan for development changes those, one for
// production leaves them.
#pragma once

#include <string>
#include <vector>

#include "struere/definitions/change_plan.hpp"
#include "struere/model/release.hpp"
#include "struere/repository/session.hpp"

namespace STRUERE_API struere {

// For the actor's scope. Only for system actors and org admins, else permission_denied. Cheap, immutable, safe to share
// between threads.
class Definitions {
 public:
  explicit Definitions(Session session) : session_(std::move(session)) {}

  // The definitions of the scope. An agent without a configuration in the scope is not part of them.
  DefinitionSet current() const;

  // The fields that a mask may name although no schema does, for read_definitions(). Each call reads the scope.
  HeldFields held_fields() const;

  // Throws Error{invalid_definition} if the set has faults. The permissions of tools are shared, so a plan for
  // development that changes them also reads what they would show of production (ChangePlan::reveals); inside of a
  // transaction that is Error{conflict}, from here as from apply().
  ChangePlan plan(const DefinitionSet& definitions, const PlanOptions& options = {}) const;
  // Plans a return to a release. Throws not_found if there is no such release.
  ChangePlan plan_rollback(std::int64_t release, const PlanOptions& options = {}) const;

  // Carries out the plan in one transaction, with the event `sync.completed`. Throws Error{conflict} if the scope has
  // changed since the plan was made, or if there is an obstacle. An empty plan writes nothing.
  void apply(const ChangePlan& plan) const;

  // The same as a release of production, with the event `deploy.completed`. Also throws Error{conflict} if there is
  // nothing to deploy (of two deploys at once, one succeeds), and Error{invalid_definition} in another environment.
  Release deploy(const ChangePlan& plan, const std::string& note = {}) const;
  // Newest first, without their `definitions`: at most 1000, and none further once their `changes` reach 8 MiB.
  std::vector<Release> releases() const;
  // Whole. Throws not_found if there is no such release.
  Release release(std::int64_t number) const;

 private:
  Session session_;
};

}  // namespace struere
