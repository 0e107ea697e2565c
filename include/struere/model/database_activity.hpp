// What one open database did since it was opened, for monitoring: numbers without a name of the data.
#pragma once

#include <cstdint>
#include <optional>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// Writers that wait for one another may share a commit, and with it one sync of the disk.
struct CommitCounts {
  std::uint64_t writes = 0;   // transactions that were committed
  std::uint64_t commits = 0;  // that held them
};

struct CacheCounts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;  // read from the storage
};

struct DatabaseActivity {
  std::optional<CommitCounts> commits;  // nullopt if the storage does not count them
  CacheCounts rules;                    // the rules of a scope, for one operation
  CacheCounts api_keys;                 // the actor of an API key, for one request
};

}  // namespace struere
