#include "struere/repository/api_key_repository.hpp"

#include <algorithm>

#include "actor/api_key_text.hpp"
#include "repository/guarded_operation.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_name = 200;
constexpr std::size_t most_roles = 100;

void check(const NewApiKey& key, Timestamp now) {
  const auto acceptable = [](const std::string& text) {
    JsonFault fault;
    return !text.empty() && text.size() <= longest_name && canonical_json(Json(text), fault);
  };
  if (!acceptable(key.name)) throw Error(ErrorCode::invalid_data, "the name of a key is valid UTF-8 of 1 to 200 bytes");
  if (key.roles.size() > most_roles || !std::ranges::all_of(key.roles, acceptable))
    throw Error(ErrorCode::invalid_data, "a key has at most 100 roles, each named by 1 to 200 bytes of valid UTF-8");
  if (key.expires_at && *key.expires_at <= now)
    throw Error(ErrorCode::invalid_data, "`expires_at` is in the past; it is in milliseconds");
}

// What an event may say of a key: all but the secret and its hash.
std::string payload_of(const ApiKey& key) {
  Json out{{"id", key.id.str()}, {"name", key.name}, {"displayPrefix", key.display_prefix}, {"roles", key.roles}};
  if (key.expires_at) out["expiresAt"] = *key.expires_at;
  return canonical_json(out);
}

}  // namespace

CreatedApiKey ApiKeyRepository::create(const NewApiKey& asked) const {
  return guarded(*engine_, actor_, Access::write, {"create", "api_keys"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::create, "api_keys");
    check(asked, operation.now());
    for (const std::string& role : asked.roles)
      if (!actor_.passes_policies() &&
          std::ranges::find(actor_.roles(), role, &ActorRole::name) == actor_.roles().end())
        throw Error(ErrorCode::permission_denied, "a key can be given only roles that its maker holds");
    CreatedApiKey out{new_key_text(actor_.environment()), {}};
    ApiKey& key = out.key;
    key.id = ApiKeyId(operation.new_id());
    key.organization = actor_.organization();
    key.environment = actor_.environment();
    key.name = asked.name;
    key.display_prefix = display_prefix(out.secret, key.environment);
    key.roles = asked.roles;
    key.kind = asked.kind;
    key.created_at = operation.now();
    key.expires_at = asked.expires_at;
    operation.transaction().insert_api_key(key, sha256(out.secret));
    operation.audit().append("api-key.created", payload_of(key));
    operation.commit();
    return out;
  });
}

std::vector<ApiKey> ApiKeyRepository::list() const {
  return guarded(*engine_, actor_, Access::read, {"list", "api_keys"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "api_keys");
    return operation.transaction().api_keys();
  });
}

void ApiKeyRepository::revoke(const ApiKeyId& id) const {
  guarded(*engine_, actor_, Access::write, {"delete", "api_keys", id.str()}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::remove, "api_keys");
    const auto keys = operation.transaction().api_keys();
    const auto found = std::ranges::find(keys, id, &ApiKey::id);
    if (found == keys.end()) throw_not_found();
    if (found->revoked_at) return;
    operation.transaction().revoke_api_key(id, operation.now());
    operation.audit().append("api-key.revoked", payload_of(*found));
    operation.commit();
  });
}

}  // namespace struere
