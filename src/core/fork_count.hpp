// Detects that this process was forked after an object was made.
#pragma once

#include <cstdint>

#include "core/companion.hpp"

namespace STRUERE_COMPANION_API struere {

// Returns a number that is greater in a child of fork() than in its parent, and stays the same in the parent. Costs
// one load from memory.
std::uint64_t fork_count() noexcept;

}  // namespace struere
