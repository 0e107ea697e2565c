// What an API key may still do: a key ends, or shrinks, with the actor that made it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "struere/core/scope.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/api_key.hpp"
#include "struere/storage/storage.hpp"

namespace struere {

struct KeyAuthority {
  std::vector<ActorRole> roles;    // that are left to the key
  std::optional<Timestamp> until;  // when something that was looked at expires
};

// Follows the key to its maker, to the maker of that key if a key made it, and so on up to the user, agent or system at
// the beginning; SPEC 2 says what each of them leaves of the key. nullopt if the key has ended.
std::optional<KeyAuthority> authority_of_key(Storage& storage, const Scope& scope, const ApiKey& key, Timestamp now);

}  // namespace struere
