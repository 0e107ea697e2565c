// How operators sign in: people who look after an organization (docs/server.md).
//
// A host, such as `struere serve`, invites a member with a one-time link. The link is redeemed for a session, whose
// secret a browser keeps as a cookie. TrustedHost::user_session then makes what the operator may do in an environment.
// Stored are SHA-256 hashes of secrets of 256 random bits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/authority.hpp"
#include "struere/core/id.hpp"
#include "struere/core/shared.hpp"
#include "struere/model/operator_session.hpp"

namespace STRUERE_API struere {

struct Engine;

struct OperatorSecret {
  std::string secret;  // shown once
  OperatorSession session;
};

// When a session ends by itself: each from one minute to 30 days.
struct OperatorSessionTerms {
  std::chrono::milliseconds idle = std::chrono::hours(1);
  std::chrono::milliseconds absolute = std::chrono::hours(12);
};

// Made by TrustedHost::operator_sessions(). Copies are cheap; safe to share between threads.
class OperatorSessions {
 public:
  OperatorSessions(const Authority& authority, std::shared_ptr<Engine> engine);

  // A one-time invitation, valid for 15 minutes; the user's earlier ones end. It is the event `member.invited` in both
  // environments, which names the system, or the user `by` on whose behalf the host does this. Throws Error{not_found}
  // if the user is not a member of the organization, Error{permission_denied} if `by` is not an org admin.
  OperatorSecret invite(const OrganizationId& organization, const UserId& user,
                        const std::optional<UserId>& by = {}) const;

  // Uses the invitation up and begins a session with a new secret: the event `member.signed-in` of this user in both
  // environments. Throws Error{unauthenticated}, whatever is wrong with the invitation.
  OperatorSecret redeem(std::string_view invitation, const OperatorSessionTerms& terms = {}) const;

  // The live session of this secret; nullopt if there is none, if it has ended, or if the user is not a member any
  // more. Only reads, and waits for no writer: touch() says that the session was used.
  std::optional<OperatorSession> find(std::string_view secret) const;

  // Moves the idle end of a session that find() returned. Writes at most once a minute for each session, and may then
  // wait for other writers. A storage that only reads keeps the idle end as it is.
  void touch(const OperatorSession& session) const;
  // Whether touch() would write.
  bool is_touch_due(const OperatorSession& session) const;

  // Signs out: the event `member.signed-out` of this user in both environments. False if the session had ended.
  bool end(std::string_view secret) const;

  // Ends all invitations and sessions of the user, and returns how many: one event `member.signed-out`, of the system
  // or of `by`, which is as above.
  std::int64_t end_all(const OrganizationId& organization, const UserId& user,
                       const std::optional<UserId>& by = {}) const;

  // All that are live, oldest first. Throws Error{not_found} if the organization does not exist.
  std::vector<OperatorSession> list(const OrganizationId& organization) const;

 private:
  Shared<Engine> engine_;
};

}  // namespace struere
