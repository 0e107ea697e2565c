// The part that `sync` and `dev` share.
#pragma once

#include "cli/session.hpp"

namespace struere::cli {

void sync(const Session& session, const Options& options, PlanOptions plan_options);

}  // namespace struere::cli
