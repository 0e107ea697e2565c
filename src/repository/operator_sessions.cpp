#include "struere/repository/operator_sessions.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actor/actor_resolver.hpp"
#include "actor/operator_secret.hpp"
#include "core/authority.hpp"
#include "core/digest.hpp"
#include "repository/engine.hpp"
#include "repository/event_appender.hpp"
#include "repository/unit_of_work.hpp"
#include "storage/people.hpp"
#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

using NewEvent = std::optional<std::pair<std::string, Json>>;

constexpr std::chrono::milliseconds invitation_lifetime = std::chrono::minutes(15);
constexpr std::chrono::milliseconds shortest_term = std::chrono::minutes(1), longest_term = std::chrono::days(30);
constexpr Timestamp touch_interval = 60'000;
constexpr std::size_t most_sessions = 50;  // of one user; the one that was not used for longest ends

[[noreturn]] void not_valid() {
  throw Error(ErrorCode::unauthenticated, "this link is not valid; ask for a new one: `struere operators invite USER`");
}

Scope scope_of(const OrganizationId& organization) {
  return {authority(), organization, Environment::development};  // sessions are the same in both environments
}

std::vector<RecordCondition> open_one(const OperatorSession& session) {
  return {{"id", {}, session.id.str()}, {"ended_at", {}, std::monostate()}};
}

// False if another one ended it before.
bool end_in(Transaction& transaction, const OperatorSession& session, Timestamp now) {
  return transaction.update_records(RecordTable::operator_sessions, open_one(session), {{"ended_at", now}}) == 1;
}

std::vector<OperatorSession> live_in(Transaction& transaction, const Scope& scope, Timestamp now,
                                     const std::optional<UserId>& user = {}) {
  std::vector<RecordCondition> where{{"ended_at", {}, std::monostate()}};
  if (user) where.push_back({"user_id", {}, user->str()});
  std::vector<OperatorSession> out;
  for (StoredOperatorSession& stored :
       select<StoredOperatorSession>(transaction, {{}, std::move(where), {"created_at", "id"}})) {
    if (!stored.session.is_live(now)) continue;
    stored.session.organization = scope.organization();
    out.push_back(std::move(stored.session));
  }
  return out;
}

// The live one of this secret, whose user is a member.
std::optional<OperatorSession> find_in(Transaction& transaction, const Scope& scope, OperatorSessionKind kind,
                                       const Digest& hash, Timestamp now) {
  auto found = select<StoredOperatorSession>(transaction, {{}, {{"hash", {}, to_value(hash)}}, {}, false, {}, 1});
  if (found.empty()) return std::nullopt;
  OperatorSession session = std::move(found.front().session);
  if (session.kind != kind || !session.is_live(now) || !find_membership(transaction, scope, session.user))
    return std::nullopt;
  session.organization = scope.organization();
  return session;
}

std::optional<OperatorSession> find_stored(Engine& engine, OperatorSessionKind kind, std::string_view secret) {
  const auto organization = organization_of_secret(kind, secret);
  if (!organization) return std::nullopt;
  const Scope scope = scope_of(*organization);
  try {
    return retried([&] {
      return find_in(*engine.storage->begin(scope, Access::read), scope, kind, sha256(secret), engine.clock->now());
    });
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return std::nullopt;  // there is no such organization
    throw;
  }
}

// A transaction on both environments, with the actor of its events in each.
class JointWork {
 public:
  JointWork(Engine& engine, const OrganizationId& organization, const std::optional<UserId>& user)
      : JointWork(engine, ActorResolver(*engine.storage, *engine.clock), organization, user) {}

  // `body` returns the event, or nullopt to leave all as it was.
  template <class Body>
  bool run(Body&& body) {
    return retried([&] {
      const auto transaction = engine_.storage->begin_joint({actors_[0].scope(), actors_[1].scope()});
      const NewEvent event = body(transaction->part(0), actors_[0].scope());
      if (!event) return false;
      for (std::size_t i = 0; i < actors_.size(); ++i) {
        Transaction& part = transaction->part(i);
        EventAppender(part, actors_[i], *engine_.ids, engine_.time_of_write(part))
            .append(event->first, canonical_json(event->second));
      }
      transaction->commit();
      return true;
    });
  }

 private:
  JointWork(Engine& engine, const ActorResolver& resolver, const OrganizationId& organization,
            const std::optional<UserId>& user)
      : engine_(engine),
        actors_{resolver.user_or_system_actor(user, organization, Environment::development),
                resolver.user_or_system_actor(user, organization, Environment::production)} {}

  Engine& engine_;
  std::array<ActorContext, 2> actors_;
};

// Work whose events name the user of the session. False if the user is not a member any more.
template <class Body>
bool run_as_member(Engine& engine, const OperatorSession& session, Body&& body) {
  try {
    return JointWork(engine, session.organization, session.user).run(std::forward<Body>(body));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::not_found) return false;
    throw;
  }
}

OperatorSecret insert_new(Engine& engine, Transaction& transaction, OperatorSession session) {
  session.id = OperatorSessionId(engine.ids->next(session.created_at));
  OperatorSecret out{new_operator_secret(session.kind, session.organization), std::move(session)};
  if (!insert(transaction, StoredOperatorSession{sha256(out.secret), out.session}))
    throw Error(ErrorCode::storage, "an id came twice; the id source must never repeat one");
  return out;
}

void require_admin(Transaction& transaction, const Scope& scope, const std::optional<UserId>& by) {
  if (!by) return;
  const auto member = find_membership(transaction, scope, *by);
  if (!member || member->role != MembershipRole::admin)
    throw Error(ErrorCode::permission_denied, "only an org admin invites operators and ends their sessions");
}

// What ended by itself long ago is told by the log.
void remove_old(Transaction& transaction, Timestamp now) {
  transaction.remove_records(RecordTable::operator_sessions,
                             {{"expires_at", RecordCondition::Comparison::less, now - longest_term.count()}});
}

}  // namespace

namespace {

Storage& storage_of(const Engine& engine) {
  require_no_unit(engine);
  return *engine.storage;
}

}  // namespace

OperatorSessions::OperatorSessions(const Authority& given, std::shared_ptr<Engine> engine)
    : engine_(std::move(engine)) {
  require_authority(given);
  require_no_unit(*engine_);
}

OperatorSecret OperatorSessions::invite(const OrganizationId& organization, const UserId& user,
                                        const std::optional<UserId>& by) const {
  (void)ActorResolver(storage_of(*engine_), *engine_->clock).user_actor(user, organization, Environment::development);
  OperatorSecret out;
  JointWork(*engine_, organization, by).run([&](Transaction& transaction, const Scope& scope) {
    const Timestamp now = engine_->clock->now();
    require_admin(transaction, scope, by);
    if (!find_membership(transaction, scope, user))
      throw Error(ErrorCode::not_found, "this user is not a member of the organization any more");
    remove_old(transaction, now);
    for (const OperatorSession& earlier : live_in(transaction, scope, now, user))
      if (earlier.kind == OperatorSessionKind::invitation) end_in(transaction, earlier, now);
    out = insert_new(
        *engine_, transaction,
        {{}, organization, user, OperatorSessionKind::invitation, now, now, now + invitation_lifetime.count(), {}, {}});
    return NewEvent(std::in_place, "member.invited", Json{{"user", user.str()}, {"expiresAt", out.session.expires_at}});
  });
  return out;
}

OperatorSecret OperatorSessions::redeem(std::string_view invitation, const OperatorSessionTerms& terms) const {
  for (const std::chrono::milliseconds term : {terms.idle, terms.absolute})
    if (term < shortest_term || term > longest_term)
      throw Error(ErrorCode::invalid_data, "`idle` and `absolute` are each from one minute to 30 days");
  const auto invited = find_stored(*engine_, OperatorSessionKind::invitation, invitation);
  if (!invited) not_valid();
  OperatorSecret out;
  const bool is_done = run_as_member(*engine_, *invited, [&](Transaction& transaction, const Scope& scope) {
    const Timestamp now = engine_->clock->now();
    if (!find_in(transaction, scope, OperatorSessionKind::invitation, sha256(invitation), now) ||
        !end_in(transaction, *invited, now))
      return NewEvent();
    remove_old(transaction, now);
    auto earlier = live_in(transaction, scope, now, invited->user);
    std::ranges::stable_sort(earlier, {}, &OperatorSession::last_seen_at);
    for (std::size_t i = 0; i + most_sessions <= earlier.size(); ++i) end_in(transaction, earlier[i], now);
    out = insert_new(*engine_, transaction,
                     {{},
                      invited->organization,
                      invited->user,
                      OperatorSessionKind::session,
                      now,
                      now,
                      now + terms.absolute.count(),
                      terms.idle,
                      {}});
    return NewEvent(
        std::in_place, "member.signed-in",
        Json{{"user", invited->user.str()}, {"session", out.session.id.str()}, {"expiresAt", out.session.expires_at}});
  });
  if (!is_done) not_valid();
  return out;
}

std::optional<OperatorSession> OperatorSessions::find(std::string_view secret) const {
  return find_stored(*engine_, OperatorSessionKind::session, secret);
}

bool OperatorSessions::is_touch_due(const OperatorSession& session) const {
  return engine_->clock->now() - session.last_seen_at >= touch_interval;
}

void OperatorSessions::touch(const OperatorSession& session) const {
  if (!is_touch_due(session)) return;
  try {
    const auto transaction = storage_of(*engine_).begin(scope_of(session.organization), Access::brief_write);
    transaction->update_records(RecordTable::operator_sessions, open_one(session),
                                {{"last_seen_at", engine_->clock->now()}});
    transaction->commit();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::storage) throw;  // such as a storage that only reads
  }
}

bool OperatorSessions::end(std::string_view secret) const {
  const auto found = find_stored(*engine_, OperatorSessionKind::session, secret);
  return found && run_as_member(*engine_, *found, [&](Transaction& transaction, const Scope&) {
           if (!end_in(transaction, *found, engine_->clock->now())) return NewEvent();
           return NewEvent(std::in_place, "member.signed-out",
                           Json{{"user", found->user.str()}, {"session", found->id.str()}});
         });
}

std::int64_t OperatorSessions::end_all(const OrganizationId& organization, const UserId& user,
                                       const std::optional<UserId>& by) const {
  std::int64_t ended = 0;
  JointWork(*engine_, organization, by).run([&](Transaction& transaction, const Scope& scope) {
    require_admin(transaction, scope, by);
    const Timestamp now = engine_->clock->now();
    Json ids = Json::array();
    ended = 0;
    for (const OperatorSession& session : live_in(transaction, scope, now, user)) {
      ended += end_in(transaction, session, now) ? 1 : 0;
      if (session.kind == OperatorSessionKind::session) ids.push_back(session.id.str());
    }
    if (ended == 0) return NewEvent();
    return NewEvent(std::in_place, "member.signed-out", Json{{"user", user.str()}, {"sessions", std::move(ids)}});
  });
  return ended;
}

std::vector<OperatorSession> OperatorSessions::list(const OrganizationId& organization) const {
  const Scope scope = scope_of(organization);
  return retried(
      [&] { return live_in(*storage_of(*engine_).begin(scope, Access::read), scope, engine_->clock->now()); });
}

}  // namespace struere
