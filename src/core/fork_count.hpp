// Whether this process is a copy of the one in which something was made.
#pragma once

#include <cstdint>

namespace struere {

// Differs in a child of fork() from its value in the parent, and stays the same in the parent. Costs one load from
// memory.
std::uint64_t fork_count() noexcept;

}  // namespace struere
