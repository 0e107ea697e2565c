// What becomes of the API keys of a user who joins or leaves an organization (SPEC 2).
#pragma once

#include "repository/event_appender.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Revokes the keys that the user made in the scope of the transaction, with an event for each. The keys that were made
// with one of them end with it.
void revoke_keys_made_by(Transaction& transaction, EventAppender audit, const UserId& user, Timestamp now);

}  // namespace struere
