// One organization in one environment: the wall that nothing passes (SPEC 1).
#pragma once

#include <string>

#include "struere/core/authority.hpp"
#include "struere/core/environment.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

// An immutable pair. Only the library makes one, for an authenticated actor or for the host; other code can only copy a
// scope.
class Scope {
 public:
  Scope(const Authority& authority, OrganizationId organization, Environment environment);

  const OrganizationId& organization() const noexcept { return organization_; }
  Environment environment() const noexcept { return environment_; }

  friend bool operator==(const Scope&, const Scope&) = default;

 private:
  OrganizationId organization_;
  Environment environment_;
};

// An order for maps, without other meaning.
struct ScopeOrder {
  bool operator()(const Scope& a, const Scope& b) const noexcept {
    return a.environment() != b.environment() ? a.environment() < b.environment() : a.organization() < b.organization();
  }
};

}  // namespace struere
