// The times of a scope's log.
#pragma once

#include <algorithm>
#include <vector>

#include "struere/struere.hpp"

namespace struere::test {

// In the order of the log.
inline std::vector<Timestamp> log_times(const Session& system) {
  std::vector<Timestamp> out;
  EventQuery query{.limit = 1000};
  for (;;) {
    const auto page = system.events().list(query);
    for (const Event& event : page.events) out.push_back(event.created_at());
    if (!page.next) return out;
    query.after = page.next;
  }
}

inline bool never_back(const std::vector<Timestamp>& times) { return std::ranges::is_sorted(times); }

}  // namespace struere::test
