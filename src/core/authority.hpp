// The only instance of the passkey (struere/core/authority.hpp).
#pragma once

#include "struere/core/authority.hpp"

namespace struere {

class Authority {
 public:
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

 private:
  friend const Authority& authority() noexcept;
  Authority() = default;
};

const Authority& authority() noexcept;

// Throws Error{permission_denied} unless `given` is the object that authority() returns.
void require_authority(const Authority& given);

}  // namespace struere
