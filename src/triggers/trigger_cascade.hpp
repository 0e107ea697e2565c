// How long the count of a cascade (TriggerCascade) is kept: the runs that one write leads to have ended by then, unless
// a schedule spreads them over a longer time; each such part is then counted anew.
#pragma once

#include "struere/core/clock.hpp"

namespace struere {

inline constexpr Timestamp cascade_lifetime = 30LL * 24 * 60 * 60'000;

}  // namespace struere
