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

namespace struere {

// Of the actor's scope. For system actors and org admins: permission_denied for all others. Cheap, immutable, safe to
// share between threads.
class Definitions {
 public:
  explicit Definitions(Session session) : session_(std::move(session)) {}

  // What the scope is. An agent that has no configuration in it is not part of it.
  DefinitionSet current() const;

  // Which fields a mask may name though no schema does: for read_definitions(). Each call reads the scope.
  HeldFields held_fields() const;

  // Throws Error{invalid_definition} where the set has faults.
  ChangePlan plan(const DefinitionSet& definitions, const PlanOptions& options = {}) const;
  // Back to a release: not_found where there is no such.
  ChangePlan plan_rollback(std::int64_t release, const PlanOptions& options = {}) const;

  // Carries all of it out in one transaction, with `sync.completed` in the log, or nothing. Error{conflict} where the
  // scope is no longer as it was planned for, or an obstacle stands. An empty plan writes nothing.
  void apply(const ChangePlan& plan) const;

  // The same, as a release of production, with `deploy.completed`. Error{conflict} as well where there is nothing to
  // deploy: of two at once, one wins. Error{invalid_definition} in any other environment.
  Release deploy(const ChangePlan& plan, const std::string& note = {}) const;
  std::vector<Release> releases() const;  // newest first

 private:
  Session session_;
};

}  // namespace struere
