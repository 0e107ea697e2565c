// The API keys of one scope (SPEC 2). Governed by policies on `api_keys`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/api_key.hpp"
#include "struere/repository/caller.hpp"

namespace struere {

struct NewApiKey {
  std::string name;
  std::vector<std::string> roles = {};  // by name; one that this scope does not have grants nothing
  ApiKeyKind kind = ApiKeyKind::agent;
  std::optional<Timestamp> expires_at = {};
};

struct CreatedApiKey {
  std::string secret;  // shown this once; only its hash is stored
  ApiKey key;
};

// Cheap, immutable, safe to share between threads.
class ApiKeyRepository {
 public:
  explicit ApiKeyRepository(Caller caller) : caller_(std::move(caller)) {}

  // Whoever does not pass policies can hand on only roles that they hold: permission_denied for others.
  CreatedApiKey create(const NewApiKey& key) const;
  // Another key with the name, roles, kind and expiry of this one, which from then on is good for `overlap`
  // milliseconds more: time to hand the new one out. Needs `create` and `delete`. not_found for a key that is none of
  // this scope's, conflict for one that is revoked or has expired.
  CreatedApiKey rotate(const ApiKeyId& id, Timestamp overlap = 0) const;
  std::vector<ApiKey> list() const;
  void revoke(const ApiKeyId& id) const;  // not_found for a key that is none of this scope's; again is nothing

 private:
  Caller caller_;
};

}  // namespace struere
