// The roles that an API key still has. A key ends, or loses roles, with the actor that made it (SPEC 2).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/scope.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/api_key.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

struct KeyAuthority {
  std::vector<ActorRole> roles;    // the roles that the key still has
  std::optional<Timestamp> until;  // the first expiry among the parts that the key depends on
};

// Follows the key to its maker and, if that is a key, to its maker, up to a user, an agent or the system. Each maker
// limits the key (SPEC 2). nullopt if the key has ended.
std::optional<KeyAuthority> authority_of_key(Transaction& transaction, const Scope& scope, const ApiKey& key,
                                             Timestamp now);
// Whether it is nullopt, which takes fewer reads: for lists of keys.
bool has_ended(Transaction& transaction, const Scope& scope, const ApiKey& key, Timestamp now);
std::optional<KeyAuthority> authority_of_key(Storage& storage, const Scope& scope, const ApiKey& key, Timestamp now);

}  // namespace struere
