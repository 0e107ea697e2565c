#include "struere/core/scope.hpp"

#include "core/authority.hpp"

namespace struere {

Scope::Scope(const Authority& authority, OrganizationId organization, Environment environment)
    : organization_(std::move(organization)), environment_(environment) {
  require_authority(authority);
}

}  // namespace struere
