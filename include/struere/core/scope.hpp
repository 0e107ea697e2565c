// One organization in one environment: the wall that nothing passes (SPEC 1).
#pragma once

#include <string>

#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"

namespace struere {

// An immutable pair. It has no public constructor: only what has authenticated somebody, or speaks for the host
// itself, can name a scope; everybody else can merely hold the one they were given.
class Scope {
 public:
  const OrganizationId& organization() const noexcept { return organization_; }
  Environment environment() const noexcept { return environment_; }

  friend bool operator==(const Scope&, const Scope&) = default;

 private:
  friend class Authentication;
  friend class ActorResolver;
  friend class TriggerActors;
  friend class TrustedHost;

  Scope(OrganizationId organization, Environment environment)
      : organization_(std::move(organization)), environment_(environment) {}

  OrganizationId organization_;
  Environment environment_;
};

// For maps; of no other meaning.
struct ScopeOrder {
  bool operator()(const Scope& a, const Scope& b) const noexcept {
    return a.environment() != b.environment() ? a.environment() < b.environment() : a.organization() < b.organization();
  }
};

}  // namespace struere
