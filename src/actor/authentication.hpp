// Turns the text of an API key into an actor (SPEC 2).
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
  // `cache` must belong to the storage. If it is null, each call reads the storage.
  Authentication(Storage& storage, const Clock& clock, AuthenticationCache* cache = nullptr)
      : storage_(&storage), clock_(&clock), cache_(cache) {}

  // Throws the same Error{unauthenticated} for an unknown, revoked or expired key and for one whose prefix
  // contradicts its environment. No message, log or event holds the key itself.
  ActorContext authenticate(std::string_view key) const;

 private:
  Storage* storage_;
  const Clock* clock_;
  AuthenticationCache* cache_;
};

}  // namespace struere
