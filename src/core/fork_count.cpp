#include "core/fork_count.hpp"

#include <atomic>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace struere {
namespace {

constinit std::atomic<std::uint64_t> forks = 0;

#if defined(__unix__) || defined(__APPLE__)
// Registered before main() begins, so that no fork is missed.
[[maybe_unused]] const int registered =
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
#endif

}  // namespace

std::uint64_t fork_count() noexcept { return forks.load(std::memory_order_relaxed); }

}  // namespace struere
