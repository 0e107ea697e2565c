// A hash for caches whose key is a scope.
#pragma once

#include <cstddef>
#include <functional>

#include "struere/core/scope.hpp"

namespace struere {

struct ScopeHash {
  std::size_t operator()(const Scope& scope) const noexcept {
    return std::hash<OrganizationId>()(scope.organization()) * 2 + static_cast<std::size_t>(scope.environment());
  }
};

}  // namespace struere
