// Scenarios that other products publish figures of, and lists of a million rows.
#pragma once

namespace struere::bench {

void run_published();
void run_million();

}  // namespace struere::bench
