#include "struere/core/scope.hpp"

#include "core/authority.hpp"
#include "struere/core/error.hpp"

namespace struere {

Scope::Scope(const Authority& authority, OrganizationId organization, Environment environment)
    : organization_(std::move(organization)), environment_(environment) {
  require_authority(authority);
  if (environment != Environment::development && environment != Environment::production)
    throw Error(ErrorCode::invalid_data, "an environment is `development` or `production`; this value is neither");
}

}  // namespace struere
