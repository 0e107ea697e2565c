// The part that `sync`, `dev`, `init --example` and `serve` share.
#pragma once

#include "cli/place.hpp"

namespace struere::cli {

void sync(const Place& place, const Options& options, PlanOptions plan_options);

// The same without output. Returns the number of changes.
std::size_t sync_quietly(const Place& place, const Options& options);

}  // namespace struere::cli
