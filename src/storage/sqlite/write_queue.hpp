// The queue in which the processes that write to one file wait for their turn.
//
// SQLite's own lock is not fair: a waiting writer looks at it less and less often, and a process that writes all the
// time takes it again before the others look. Here each writer draws a ticket, and writes when all writers before it
// have written.
//
// A ticket is a lock on one byte of the file `FILE-lock` next to the database. A writer holds the byte of its number
// until it has committed. Its turn has come when no process holds a byte with a smaller number. The kernel releases the
// locks of a process that dies. The queue only orders writers; SQLite's lock still protects the data. There is no queue
// where the file system has no such locks or where the file cannot be made. A writer also takes SQLite's lock out of
// turn if that is free although others are in the queue before it, for example a process that was stopped.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "storage/sqlite/byte_locks.hpp"

namespace struere {

// The queue of one database in one process. One thread at a time may use it.
class WriteQueue {
 public:
  using Clock = std::chrono::steady_clock;

  WriteQueue() = default;  // there is no queue: writers do not wait in it

  // `path` is that of the database. The lock file gets the mode of the database.
  void open(const std::string& path);

  // A place in the queue. The destructor gives it up. Must not outlive the queue.
  class Ticket {
   public:
    Ticket(Ticket&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)), number_(other.number_) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (queue_) queue_->release(number_);
    }

   private:
    friend class WriteQueue;
    Ticket(WriteQueue* queue, std::int64_t number) : queue_(queue), number_(number) {}

    WriteQueue* queue_;  // null: there is no queue
    std::int64_t number_;
  };

  // Returns at the caller's turn, or when `has_lock` returns true (checked every 50 ms), or at `deadline`. Draws no
  // ticket if there is no queue.
  Ticket wait(Clock::time_point deadline, const std::function<bool()>& has_lock);

 private:
  bool draw(Clock::time_point deadline, std::int64_t& number);
  // The distance from `number` to the smallest ticket that another writer holds; 0 if there is none before `number`.
  std::int64_t distance_to_holder(std::int64_t number);
  void release(std::int64_t number) noexcept;

  ByteLocks locks_;
};

}  // namespace struere
