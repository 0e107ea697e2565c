// Cuts a failing case down to what it needs (delta debugging: Zeller and Hildebrandt, 2002).
#pragma once

#include <chrono>
#include <functional>

#include "conformance/scenario.hpp"

namespace struere::proof {

// Takes elements and members out of every array and object of `document`, in ever smaller pieces, and makes its values
// plainer, for as long as `still_fails` says so and until nothing more can go or the time is over. A scenario is a
// document like any other: what refers to something that is gone is an error on both sides, and so no difference.
conformance::OrderedJson shrink(conformance::OrderedJson document,
                                const std::function<bool(const conformance::OrderedJson&)>& still_fails,
                                std::chrono::steady_clock::duration time);

}  // namespace struere::proof
