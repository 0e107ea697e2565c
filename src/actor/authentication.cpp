#include "actor/authentication.hpp"

#include <algorithm>

#include "actor/api_key_text.hpp"
#include "actor/authentication_cache.hpp"
#include "actor/key_lineage.hpp"
#include "core/authority.hpp"
#include "core/digest.hpp"
#include "storage/people.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// The last use is written at most once a minute, not with each request.
constexpr Timestamp touch_interval = 60'000;

[[noreturn]] void not_valid() {
  throw Error(ErrorCode::unauthenticated,
              "this API key is not valid; check that it was copied completely, or create a new one");
}

}  // namespace

ActorContext Authentication::authenticate(std::string_view key) const {
  const Digest hash = sha256(key);
  const Timestamp now = clock_->now();
  const auto before = cache_ ? storage_->commit_stamp() : std::nullopt;
  if (before)
    if (auto known = cache_->find(hash, *before, now)) return *std::move(known);
  auto stored = storage_->find_api_key(hash);
  const auto is_unmoved = [&] { return before && before == storage_->commit_stamp(); };
  if (stored && is_unmoved())
    if (auto known = cache_->find_again(hash, *before, now, *stored)) return *std::move(known);
  if (before) cache_->count_miss();
  const auto found = stored ? std::optional(to_api_key(*stored)) : std::nullopt;
  // All faults get the same answer, so that a caller cannot learn which keys once existed.
  if (!found || found->revoked_at || (found->expires_at && *found->expires_at <= now) ||
      !key.starts_with(key_prefix(found->environment)))
    not_valid();

  const Scope scope(authority(), found->organization, found->environment);
  auto left = authority_of_key(*storage_, scope, *found, now);
  if (!left) not_valid();
  const ActorType type = found->kind == ApiKeyKind::webhook ? ActorType::webhook : ActorType::agent;
  ActorContext actor(authority(), {scope, type, found->id.str(), std::move(left->roles)});
  if (!found->last_used_at || now - *found->last_used_at >= touch_interval) {
    storage_->touch_api_key(hash, now);
  } else if (is_unmoved()) {  // everything was read between two equal stamps
    Timestamp until = *found->last_used_at + touch_interval;
    for (const auto& end : {found->expires_at, left->until})
      if (end) until = std::min(until, *end);
    if (found->created_by_type != to_string(ActorType::system)) stored.reset();  // the key also depends on its maker
    cache_->keep(hash, {*before, until, actor, std::move(stored)});
  }
  return actor;
}

}  // namespace struere
