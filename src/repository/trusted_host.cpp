#include "struere/repository/trusted_host.hpp"

#include <limits>

#include "actor/actor_resolver.hpp"
#include "core/authority.hpp"
#include "core/text.hpp"
#include "repository/checks.hpp"
#include "repository/engine.hpp"
#include "repository/unit_of_work.hpp"
#include "storage/people.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"
#include "struere/query/cursor.hpp"
#include "struere/repository/operator_sessions.hpp"

namespace struere {
namespace {

std::string checked_text(const std::string& text, const char* what) {
  if (text.empty() || !is_text(text, longest_name))
    throw Error(ErrorCode::invalid_data, std::string(what) + " is valid UTF-8 of 1 to 200 bytes without U+0000");
  return text;
}

constexpr const char* question_of_members = "members";

// The session of the actor that `resolve` returns.
template <class Resolve>
Session session_of(const std::shared_ptr<Engine>& engine, const Resolve& resolve) {
  require_no_unit(*engine);
  return Session(Caller(authority(), engine, resolve(ActorResolver(*engine->storage, *engine->clock))));
}

}  // namespace

TrustedHost::TrustedHost(const Authority& authority, std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {
  require_authority(authority);
}

Storage& TrustedHost::storage() const {
  require_no_unit(*engine_);
  return *engine_->storage;
}

Session TrustedHost::system_session(const OrganizationId& organization, Environment environment) const {
  return session_of(engine_,
                    [&](const ActorResolver& resolver) { return resolver.system_actor(organization, environment); });
}

Session TrustedHost::user_session(const UserId& user, const OrganizationId& organization,
                                  Environment environment) const {
  return session_of(
      engine_, [&](const ActorResolver& resolver) { return resolver.user_actor(user, organization, environment); });
}

Session TrustedHost::agent_session(const std::string& slug, const OrganizationId& organization,
                                   Environment environment) const {
  return session_of(
      engine_, [&](const ActorResolver& resolver) { return resolver.agent_actor(slug, organization, environment); });
}

Organization TrustedHost::create_organization(const std::string& name, std::optional<OrganizationId> id) const {
  const Timestamp now = engine_->clock->now();
  Organization organization{
      id ? OrganizationId(checked_text(id->str(), "an organization's id")) : OrganizationId(engine_->ids->next(now)),
      checked_text(name, "an organization's name"), now};
  insert_organization(storage(), organization);
  return organization;
}

User TrustedHost::create_user(const std::string& name, std::optional<UserId> id) const {
  const Timestamp now = engine_->clock->now();
  User user{id ? UserId(checked_text(id->str(), "a user's id")) : UserId(engine_->ids->next(now)),
            checked_text(name, "a user's name"), now};
  insert_user(storage(), user);
  return user;
}

std::vector<Organization> TrustedHost::organizations() const { return stored_organizations(storage()); }

std::optional<Organization> TrustedHost::organization(const OrganizationId& id) const {
  return find_organization(storage(), id);
}

std::vector<Membership> TrustedHost::members(const OrganizationId& organization, const MemberQuery& query) const {
  constexpr std::int64_t all = std::numeric_limits<std::int64_t>::max();
  if (query.limit && *query.limit < 1)
    throw Error(ErrorCode::invalid_query, "`limit` is at least 1; without it, all members are returned");
  if (query.after && !is_text(query.after->str(), query.after->str().size()))
    throw Error(ErrorCode::invalid_query, "`after` is valid UTF-8 without U+0000, as the id of a user is");
  if (!find_organization(storage(), organization)) return {};
  const Scope scope(authority(), organization, Environment::development);  // memberships are the same in both
                                                                           // environments
  return retried([&] {
    return stored_memberships(*storage().begin(scope, Access::read), scope, query.limit.value_or(all), query.after);
  });
}

MemberPage TrustedHost::member_page(const OrganizationId& organization, Environment environment, std::int64_t limit,
                                    const std::optional<std::string>& cursor) const {
  require_limit(limit);
  const Scope scope(authority(), organization, environment);
  MemberQuery query{limit + 1, {}};
  if (cursor) {
    const auto position = decode_cursor(storage().cursor_key(), scope, question_of_members, *cursor);
    if (!position)
      throw Error(ErrorCode::invalid_cursor, "this cursor belongs to another query or scope; start again without one");
    query.after = UserId(position->at(0));
  }
  MemberPage out{members(organization, query), {}};
  if (std::ssize(out.members) <= limit) return out;
  out.members.pop_back();
  out.next = encode_cursor(storage().cursor_key(), scope, question_of_members, {out.members.back().user.str()});
  return out;
}

std::optional<Membership> TrustedHost::member(const OrganizationId& organization, const UserId& user) const {
  if (!find_organization(storage(), organization)) return std::nullopt;
  const Scope scope(authority(), organization, Environment::development);
  return retried([&] { return find_membership(*storage().begin(scope, Access::read), scope, user); });
}

OperatorSessions TrustedHost::operator_sessions() const { return {authority(), engine_}; }

StorageReport TrustedHost::check_storage() const { return storage().check(); }

void TrustedHost::require_storage() const { engine_->storage->require_in_place(); }
bool TrustedHost::has_remote_storage() const noexcept { return engine_->storage->is_remote(); }

DatabaseActivity TrustedHost::activity() const {
  return {engine_->storage->commit_counts(), engine_->rule_uses(), engine_->authenticated.uses()};
}

std::size_t TrustedHost::environments_with_due_runs() const {
  return retried([&] { return storage().scopes_with_due_runs(engine_->clock->now()).size(); });
}

}  // namespace struere
