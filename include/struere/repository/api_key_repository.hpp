// The API keys of one scope (SPEC 2). Governed by policies on `api_keys`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/api_key.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

struct NewApiKey {
  std::string name;
  std::vector<std::string> roles = {};  // by name
  ApiKeyKind kind = ApiKeyKind::agent;
  std::optional<Timestamp> expires_at = {};
  // If false, a role that this scope does not have is invalid_data. If true, it grants nothing until it is defined.
  bool allow_unknown_roles = false;
};

struct CreatedApiKey {
  std::string secret;  // shown this once; only its hash is stored
  ApiKey key;
};

struct ApiKeyPage {
  std::vector<ApiKey> keys;  // by id, so that those made in a later millisecond come first
  std::optional<std::string> next;
};

// Cheap, immutable, safe to share between threads.
class ApiKeyRepository {
 public:
  explicit ApiKeyRepository(Caller caller) : caller_(std::move(caller)) {}

  // An actor that does not pass policies can give only roles that it has; permission_denied otherwise. The key ends, or
  // shrinks, with the actor that made it (SPEC 2); a key made by the system stays.
  CreatedApiKey create(const NewApiKey& key) const;
  // Makes a key with the name, roles, kind and expiry of this one, which ends after `overlap`. Keys that
  // were made with the old key end with it. Needs `create` and `delete`. Throws not_found for a key of another scope,
  // conflict for one that is revoked or has expired.
  CreatedApiKey rotate(const ApiKeyId& id, std::chrono::milliseconds overlap = {}) const;
  // The same in two transactions, so that a lost secret does no harm: `hand_over` shows or stores the new secret while
  // the old key is still valid, and the old key ends once it returns. If it throws, the new key is revoked and the old
  // one stays as it was.
  CreatedApiKey rotate(const ApiKeyId& id, std::chrono::milliseconds overlap,
                       const std::function<void(const CreatedApiKey&)>& hand_over) const;
  std::vector<ApiKey> list() const;  // all of them, oldest first
  // `limit` is from 1 to 1000, `after` the cursor of the page before.
  ApiKeyPage page(std::int64_t limit = 50, const std::optional<std::string>& after = {}) const;
  void revoke(const ApiKeyId& id) const;  // not_found for a key of another scope; revoking twice does nothing

 private:
  CreatedApiKey make_successor(const ApiKeyId& id, std::chrono::milliseconds overlap, bool ends_old) const;

  Caller caller_;
};

}  // namespace struere
