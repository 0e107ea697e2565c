// What the allocator keeps of the memory that large requests have freed.
#pragma once

#include <chrono>

namespace struere::cli {

// glibc keeps it for each thread: after some large imports on all threads, a server that is idle holds gigabytes.
class FreeMemory {
 public:
  // Called now and then; gives it back to the system if there is much that was not there the last time.
  void give_back();

 private:
  long faults_ = 0;  // pages that the process has been given, at the last time
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace struere::cli
