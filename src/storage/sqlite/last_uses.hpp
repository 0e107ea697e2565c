// The last uses of API keys that are still to be written down.
//
// Authentication is a read: it waits neither for a writer nor for the disk. So a use is only noted here. It is written
// along with the next commit of this process, or at once where nobody holds the lock, without a sync of the disk. A
// loss of power or a kill may lose it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "core/mutex.hpp"
#include "storage/sqlite/connection.hpp"
#include "struere/core/clock.hpp"
#include "struere/model/event.hpp"

namespace struere {

// Safe to use from many threads.
class LastUses {
 public:
  void note(const Digest& hash, Timestamp at);
  bool is_empty() const noexcept { return count_ == 0; }

  // Inside a transaction that the caller commits. What cannot be written is forgotten: the next use will be noted
  // again.
  void write(Connection& connection) noexcept;
  // In a transaction of its own, if nobody holds the lock; otherwise they stay noted. The connection should not sync
  // its commits, and is of no other use afterwards.
  void try_write(Connection& connection) noexcept;
  // False for a second after an attempt that met a lock.
  bool may_try() const noexcept;

 private:
  static constexpr std::size_t most_noted = 1024;  // the rest is noted with its next use

  Mutex mutex_;
  std::vector<std::pair<Digest, Timestamp>> noted_ STRUERE_GUARDED_BY(mutex_);
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::chrono::steady_clock::rep> tried_at_ = 0;
};

}  // namespace struere
