// The part that `sync` and `dev` share.
#pragma once

#include "cli/workspace.hpp"

namespace struere::cli {

void sync(const Workspace& workspace, const Options& options, PlanOptions plan_options);

}  // namespace struere::cli
