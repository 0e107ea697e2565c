// Reduces a failing case to the parts that it needs (delta debugging: Zeller and Hildebrandt, 2002).
#pragma once

#include <chrono>
#include <functional>

#include "conformance/scenario.hpp"

namespace struere::proof {

// Removes elements and members from every array and object of `document`, in smaller and smaller pieces, and
// simplifies its values, as long as `still_fails` returns true and until nothing is left to remove or the time is
// over. In a scenario, a step that refers to a removed part is an error on both sides, so it makes no difference.
conformance::OrderedJson shrink(conformance::OrderedJson document,
                                const std::function<bool(const conformance::OrderedJson&)>& still_fails,
                                std::chrono::steady_clock::duration time);

}  // namespace struere::proof
