#include "actor/impersonation.hpp"

#include <algorithm>
#include <memory>

#include "actor/actor_resolver.hpp"
#include "actor/key_lineage.hpp"
#include "core/authority.hpp"
#include "core/single_line.hpp"
#include "storage/configuration.hpp"
#include "storage/people.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"
#include "struere/core/json.hpp"

namespace struere {
namespace {

ActorParts parts_of(const ActorContext& actor) {
  return {actor.scope(), actor.type(), actor.id(), actor.roles(), actor.is_org_admin()};
}

ActorParts with_roles(Storage& storage, const ActorContext& who, const std::vector<std::string>& names) {
  ActorParts parts = parts_of(who);
  // The actor is no org admin, because an org admin passes policies and the roles would have no effect.
  if (parts.type == ActorType::system) parts.type = ActorType::agent;
  parts.is_org_admin = false;
  parts.roles.clear();
  const auto transaction = storage.begin(who.scope(), Access::read);
  for (const std::string& name : names) {
    auto id = find_role(*transaction, name);
    if (!id) throw Error(ErrorCode::not_found, "this environment has no role " + in_quotes(name) + "; define it first");
    parts.roles.push_back({*std::move(id), name});
  }
  return parts;
}

ActorParts as_key(Storage& storage, const ActorContext& who, const ApiKeyId& id, Timestamp now) {
  const auto key = stored_api_key(*storage.begin(who.scope(), Access::read), who.scope(), id);
  const bool is_good = key && !key->revoked_at && !(key->expires_at && *key->expires_at <= now);
  auto authority_of = is_good ? authority_of_key(storage, who.scope(), *key, now) : std::nullopt;
  if (!authority_of)
    throw Error(ErrorCode::not_found,
                "this environment has no valid key with this id; ApiKeyRepository::list shows the keys");
  const ActorType type = key->kind == ApiKeyKind::webhook ? ActorType::webhook : ActorType::agent;
  return {who.scope(), type, id.str(), std::move(authority_of->roles)};
}

}  // namespace

ActorContext impersonated_actor(Storage& storage, const Clock& clock, const ActorContext& who,
                                const ImpersonateOptions& as) {
  if (as.user.has_value() + as.agent.has_value() + as.api_key.has_value() + as.roles.has_value() != 1)
    throw Error(ErrorCode::invalid_data, "name one actor to act as: `user`, `agent`, `api_key` or `roles`");
  const ActorResolver resolver(storage, clock);
  ActorParts parts = as.user      ? parts_of(resolver.user_actor(*as.user, who.organization(), who.environment()))
                     : as.agent   ? parts_of(resolver.agent_actor(*as.agent, who.organization(), who.environment()))
                     : as.api_key ? retried([&] { return as_key(storage, who, *as.api_key, clock.now()); })
                                  : retried([&] { return with_roles(storage, who, *as.roles); });
  parts.impersonated_by = std::make_shared<const ActorName>(ActorName{std::string(to_string(who.type())), who.id()});
  parts.may_write = as.may_write;
  return ActorContext(authority(), std::move(parts)).traced(authority(), who.shared_trace_id());
}

}  // namespace struere
