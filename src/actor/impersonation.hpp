// Makes the actor that `impersonate` returns: another actor of the same scope (SPEC 2).
#pragma once

#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/impersonation.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// The caller has checked that `who` may impersonate. Throws not_found if the scope of `who` has no such actor, and
// invalid_data unless `as` names exactly one actor. An operation of its own, as those of ActorResolver are.
ActorContext impersonated_actor(Storage& storage, const Clock& clock, const ActorContext& who,
                                const ImpersonateOptions& as);

}  // namespace struere
