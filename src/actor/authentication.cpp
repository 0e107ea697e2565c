#include "struere/actor/authentication.hpp"

#include "actor/api_key_text.hpp"
#include "core/digest.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// A last use is worth a write once a minute, not once a request.
constexpr Timestamp touch_interval = 60'000;

}  // namespace

ActorContext Authentication::authenticate(std::string_view key) const {
  const Digest hash = sha256(key);
  const Timestamp now = clock_->now();
  const auto found = storage_->shared().find_api_key(hash);
  // The hash decides, and whatever else is wrong is told alike: nobody learns which keys there once were.
  if (!found || found->revoked_at || (found->expires_at && *found->expires_at <= now) ||
      !key.starts_with(key_prefix(found->environment)))
    throw Error(ErrorCode::unauthenticated,
                "this API key is not valid; create another one, or check that it was copied whole");

  const Scope scope(found->organization, found->environment);
  std::vector<ActorRole> roles;
  if (!found->roles.empty()) {
    const auto transaction = storage_->begin(scope, Access::read);
    for (const std::string& name : found->roles)
      if (auto id = transaction->find_role(name)) roles.push_back({*std::move(id), name});
  }
  if (!found->last_used_at || now - *found->last_used_at >= touch_interval) storage_->shared().touch_api_key(hash, now);
  const ActorType type = found->kind == ApiKeyKind::webhook ? ActorType::webhook : ActorType::agent;
  return ActorContext({scope, type, found->id.str(), std::move(roles), false});
}

}  // namespace struere
