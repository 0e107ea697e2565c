// Some queues of writers on one database.
#pragma once

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/write_queue.hpp"
#include "support/temporary_database.hpp"

namespace struere::test {

using Steady = WriteQueue::Clock;

inline const auto never = [] { return false; };
inline constexpr std::chrono::seconds far{120};  // whoever waits so long waited for its deadline

class Queues {
 public:
  explicit Queues(std::size_t count) : queues(count) {
    std::ofstream(folder_.file()) << "a database";
    for (WriteQueue& queue : queues) queue.open(folder_.file());
  }
  std::string lock_file() const { return folder_.file() + "-lock"; }
  // Returns when so many tickets were drawn, each by a writer that found the queue in use.
  void await_drawn(std::int64_t count) const {
    for (std::int64_t drawn = 0; drawn < count; std::this_thread::sleep_for(std::chrono::milliseconds(1)))
      std::ifstream(lock_file(), std::ios::binary).read(reinterpret_cast<char*>(&drawn), sizeof drawn);
  }

 private:
  TemporaryFolder folder_;

 public:
  std::vector<WriteQueue> queues;
};

}  // namespace struere::test
