// The part that `sync` and `dev` share.
#pragma once

#include "cli/place.hpp"

namespace struere::cli {

void sync(const Place& place, const Options& options, PlanOptions plan_options);

}  // namespace struere::cli
