// Many threads of several processes on one SQLite file.
#pragma once

#include <chrono>
#include <ostream>

namespace struere::proof {

struct ContentionOptions {
  int processes = 3, threads = 8;  // of each process
  std::chrono::seconds time{60};
};

// Lets all of them read and write a few rows at once, and answers whether what they were told fits together:
//   - each acknowledged update got a version of its own, and together they are all from the first to the stored one;
//   - the stored value counts the increments that were acknowledged;
//   - no read, of whatever process, saw less than what any had been told before it began (linearizable per row);
//   - nobody was told of a busy database, or of any error but a stale version;
//   - the log verifies, and has an event for each write.
// Prints figures, and what does not fit.
bool survive_contention(const ContentionOptions& options, std::ostream& out);

}  // namespace struere::proof
