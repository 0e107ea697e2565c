// An operator: a person who signs in to look after an organization (docs/server.md). The invitation and the session, as
// they are stored: never the secret, only its hash.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"

namespace STRUERE_API struere {

enum class OperatorSessionKind {
  invitation,  // a one-time link: it makes one session and ends
  session,
};

std::string_view to_string(OperatorSessionKind kind) noexcept;

struct OperatorSession {
  OperatorSessionId id;
  OrganizationId organization;
  UserId user;
  OperatorSessionKind kind = OperatorSessionKind::session;
  Timestamp created_at = 0;
  Timestamp last_seen_at = 0;                     // to the minute
  Timestamp expires_at = 0;                       // the absolute end
  std::optional<std::chrono::milliseconds> idle;  // it also ends when it was not used for this long
  std::optional<Timestamp> ended_at;              // when it was ended before that: signed out, or used up

  bool is_live(Timestamp now) const noexcept {
    return !ended_at && now < expires_at && (!idle || now < last_seen_at + idle->count());
  }
};

}  // namespace struere
