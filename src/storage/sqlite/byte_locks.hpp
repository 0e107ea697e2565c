// Locks on single bytes of a file. They belong to an open file and not to the process. So two databases of one process
// wait like two processes, and a lock is not lost when other code of the process closes the file. The system releases
// the locks of a process that dies.
#pragma once

#include <cstdint>
#include <string>

namespace struere {

enum class ByteLock { taken, held_by_another, failed };

// One thread at a time may use it. A child of fork() has no locks of its parent: there, all functions fail.
class ByteLocks {
 public:
  ByteLocks() = default;
  ~ByteLocks();
  ByteLocks(const ByteLocks&) = delete;
  ByteLocks& operator=(const ByteLocks&) = delete;

  // Opens `file`, or creates it with the permissions of the file `like`. Not open if the system has no such locks or if
  // one of the names is that of a link to nothing.
  void open(const std::string& file, const std::string& like) noexcept;
  bool is_open() const noexcept { return file_ != closed; }

  ByteLock lock(std::int64_t byte) noexcept;
  void unlock(std::int64_t byte) noexcept;
  // The first locked byte of another open file from `begin` and before `end`; -1 if there is none. Windows only tells
  // that there is one, and this function then returns `begin`.
  std::int64_t find(std::int64_t begin, std::int64_t end) noexcept;

  // The number that is kept in the file; -1 if there is none.
  std::int64_t number() noexcept;
  bool keep_number(std::int64_t number) noexcept;

 private:
  static constexpr std::intptr_t closed = -1;

  std::intptr_t file_ = closed;  // a descriptor; a HANDLE on Windows
  std::uint64_t forks_ = 0;      // the fork count when it was opened
};

}  // namespace struere
