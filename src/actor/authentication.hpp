// From an API key to an actor (SPEC 2).
#pragma once

#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

class AuthenticationCache;

class Authentication {
 public:
  // `cache` belongs to the storage; without one, each call reads the storage.
  Authentication(Storage& storage, const Clock& clock, AuthenticationCache* cache = nullptr)
      : storage_(&storage), clock_(&clock), cache_(cache) {}

  // Unknown, revoked and expired keys, and those whose prefix contradicts their environment, all fail alike:
  // Error{unauthenticated}. The key itself is in no message, log or event.
  ActorContext authenticate(std::string_view key) const;

 private:
  Storage* storage_;
  const Clock* clock_;
  AuthenticationCache* cache_;
};

}  // namespace struere
