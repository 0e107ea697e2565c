// Scenarios that other products publish figures of.
#pragma once

namespace struere::bench {

void run_published();

}  // namespace struere::bench
