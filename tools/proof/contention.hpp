// Many threads of several processes on one SQLite file, or one PostgreSQL database.
#pragma once

#include <chrono>
#include <ostream>

#include "conformance/scenario_storage.hpp"

namespace struere::proof {

struct ContentionOptions {
  int processes = 3, threads = 8;  // threads of each process
  std::chrono::seconds time{60};
  conformance::StorageChoice storage = {};
};

// Lets all threads read and write a few rows at once, and returns whether their answers are consistent:
//   - each acknowledged update has its own version, and together they are all versions after the first;
//   - the stored value equals the number of acknowledged increments;
//   - no read, in any process, saw an older version than any thread had seen before it began (linearizable per row);
//   - no thread got an error other than a stale version; a busy database is an error too;
//   - the log verifies and has one event for each write.
// Prints figures and all inconsistencies.
bool survive_contention(const ContentionOptions& options, std::ostream& out);

}  // namespace struere::proof
