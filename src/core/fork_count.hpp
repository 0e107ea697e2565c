// Whether this process is a copy of the one in which something was made.
#pragma once

#include <cstdint>

namespace struere {

// Differs in a child of fork() from what it was in the parent before, and stays the same in the parent. A load of
// memory.
std::uint64_t fork_count() noexcept;

}  // namespace struere
