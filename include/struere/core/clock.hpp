// The clock of the library, in milliseconds since the Unix epoch. A host may inject its own.
#pragma once

#include <cstdint>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

using Timestamp = std::int64_t;  // milliseconds since the Unix epoch

// Called from many threads.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

Clock& system_clock();

}  // namespace struere
