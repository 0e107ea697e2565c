// What `sync` and `dev` do, and what the one says to files that cannot be used the other says as well.
#pragma once

#include "cli/session.hpp"

namespace struere::cli {

void sync(const Session& session, const Options& options, PlanOptions plan_options);

}  // namespace struere::cli
