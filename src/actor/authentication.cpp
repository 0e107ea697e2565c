#include "actor/authentication.hpp"

#include <algorithm>

#include "actor/api_key_text.hpp"
#include "actor/authentication_cache.hpp"
#include "core/authority.hpp"
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
  const auto before = cache_ ? storage_->commit_stamp() : std::nullopt;
  if (before)
    if (auto known = cache_->find(hash, *before, now)) return *std::move(known);
  const auto found = storage_->shared().find_api_key(hash);
  // The hash decides, and whatever else is wrong is told alike: nobody learns which keys there once were.
  if (!found || found->revoked_at || (found->expires_at && *found->expires_at <= now) ||
      !key.starts_with(key_prefix(found->environment)))
    throw Error(ErrorCode::unauthenticated,
                "this API key is not valid; create another one, or check that it was copied whole");

  const Scope scope(authority(), found->organization, found->environment);
  std::vector<ActorRole> roles;
  if (!found->roles.empty()) {
    const auto transaction = storage_->begin(scope, Access::read);
    for (const std::string& name : found->roles)
      if (auto id = transaction->find_role(name)) roles.push_back({*std::move(id), name});
  }
  const ActorType type = found->kind == ApiKeyKind::webhook ? ActorType::webhook : ActorType::agent;
  ActorContext actor(authority(), {scope, type, found->id.str(), std::move(roles)});
  if (!found->last_used_at || now - *found->last_used_at >= touch_interval) {
    storage_->shared().touch_api_key(hash, now);
  } else if (before && before == storage_->commit_stamp()) {  // all of it was read between two equal stamps
    const Timestamp touched = *found->last_used_at + touch_interval;
    cache_->keep(hash, *before, found->expires_at ? std::min(*found->expires_at, touched) : touched, actor);
  }
  return actor;
}

}  // namespace struere
