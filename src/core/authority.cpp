#include "core/authority.hpp"

#include "struere/core/error.hpp"

namespace struere {

const Authority& authority() noexcept {
  static const Authority the_authority;
  return the_authority;
}

void require_authority(const Authority& given) {
  if (&given != &authority())
    throw Error(ErrorCode::permission_denied, "only the library itself makes scopes, actors and callers");
}

}  // namespace struere
