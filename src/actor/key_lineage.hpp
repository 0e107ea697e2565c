// What an API key may still do. A key ends, or shrinks, with the actor that made it (SPEC 2).
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
  std::vector<ActorRole> roles;    // that remain to the key
  std::optional<Timestamp> until;  // when the first of the parts that it depends on expires
};

// Follows the key to its maker, and if that is a key to its maker, up to the user, agent or system at the beginning.
// Each of them limits the key (SPEC 2). nullopt if the key has ended.
std::optional<KeyAuthority> authority_of_key(Storage& storage, const Scope& scope, const ApiKey& key, Timestamp now);

}  // namespace struere
