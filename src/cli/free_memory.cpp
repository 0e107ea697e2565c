#include "cli/free_memory.hpp"

#include <sys/resource.h>

#include <cstddef>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#define STRUERE_CAN_TRIM
#endif

namespace struere::cli {

void FreeMemory::give_back() {
#ifdef STRUERE_CAN_TRIM
  // Pages that are given back cost a fault when they are needed again: at most some milliseconds of each interval.
  constexpr std::chrono::seconds interval(10);
  constexpr std::size_t much = std::size_t{64} << 20;
  constexpr long page = 4096;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < interval) return;
  last_ = now;
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  // What trimming has given back still counts as free: only faults tell whether there are pages to give back.
  if (used.ru_minflt - faults_ < static_cast<long>(much / page) || mallinfo2().fordblks < much) return;
  faults_ = used.ru_minflt;
  malloc_trim(0);
#endif
}

}  // namespace struere::cli
