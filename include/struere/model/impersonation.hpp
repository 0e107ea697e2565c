// Acting as another actor, "view as" (SPEC 2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/id.hpp"

namespace STRUERE_API struere {

// The actor to act as: exactly one of the first four members.
struct ImpersonateOptions {
  std::optional<UserId> user = {};                     // a member of the organization
  std::optional<std::string> agent = {};               // the slug of an agent that is active in this environment
  std::optional<ApiKeyId> api_key = {};                // a valid key of this scope
  std::optional<std::vector<std::string>> roles = {};  // by name: the same actor with only these roles
  bool may_write = false;                              // false: each write is permission_denied
};

}  // namespace struere
