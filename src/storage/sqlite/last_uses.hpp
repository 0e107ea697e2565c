// The last uses of API keys that are not yet stored.
//
// Authentication is a read and must wait neither for a writer nor for the disk, so a use is only recorded here. It is
// stored with the next commit of this process, or at once if no other writer holds the lock, without a sync of the
// disk. A loss of power or a kill may lose it.
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

  // Writes inside a transaction that the caller commits. A use that cannot be written is dropped: the next use of the
  // key will be recorded.
  void write(Connection& connection) noexcept;
  // Writes in its own transaction if no other writer holds the lock; otherwise keeps the uses. The connection should
  // not sync its commits, and its busy timeout is zero afterwards.
  void try_write(Connection& connection) noexcept;
  // Returns false for a second after an attempt that found the lock taken.
  bool may_try() const noexcept;

 private:
  static constexpr std::size_t most_noted = 1024;  // if it is full, further keys wait for their next use

  Mutex mutex_;
  std::vector<std::pair<Digest, Timestamp>> noted_ STRUERE_GUARDED_BY(mutex_);
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::chrono::steady_clock::rep> tried_at_ = 0;
};

}  // namespace struere
