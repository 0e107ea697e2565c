// Makes the actor that another actor of the scope acts as (SPEC 2).
#pragma once

#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/impersonation.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// The caller has checked that `who` may. Throws not_found if there is no such actor in the scope of `who`, and
// invalid_data unless exactly one is named.
ActorContext impersonated_actor(Storage& storage, const Clock& clock, const ActorContext& who,
                                const ImpersonateOptions& as);

}  // namespace struere
