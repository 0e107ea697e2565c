// What the operations of one write or unit of work do while other writers wait. Each kind of work has a bound, so that
// whoever may write at all cannot keep all others from writing (docs/limits.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/json_schema.hpp"

namespace struere {

// The payloads of the events of one write: they hold each row that it writes, before and after.
inline constexpr std::size_t most_event_bytes = std::size_t{128} << 20;

struct WriteWork {
  std::uint64_t steps_left = JsonSchema::most_steps;  // of checks against schemas
  std::uint64_t steps_of_compiling = 0;               // of schemas that were not kept
  std::int64_t entries = 0;                           // rows, relations and events that were gone through
  std::size_t event_bytes = 0;
  std::size_t run_bytes = 0;   // of trigger runs
  bool holds_writers = false;  // the host has said that writers may wait
};

}  // namespace struere
