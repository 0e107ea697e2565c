// The part that `sync`, `dev`, `init --example` and `serve` share.
#pragma once

#include <functional>

#include "cli/place.hpp"

namespace struere::cli {

// `accept` is called once the files are read: what it throws leaves development as it is.
void sync(
    const Place& place, const Options& options, PlanOptions plan_options, const std::function<void()>& accept = [] {});

// The same without output. Returns the number of changes.
std::size_t sync_quietly(const Place& place, const Options& options);

}  // namespace struere::cli
