// A disk that fails when it is told to: SQLite's own way to the files, with one call that goes wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace struere::test {

// What SQLite asks of the system. `share` is the memory that the processes on one file have in common.
enum class DiskCall { open, read, write, sync, truncate, size, lock, share, share_lock, remove };

inline constexpr DiskCall disk_calls[]{DiskCall::open,       DiskCall::read,  DiskCall::write, DiskCall::sync,
                                       DiskCall::truncate,   DiskCall::size,  DiskCall::lock,  DiskCall::share,
                                       DiskCall::share_lock, DiskCall::remove};

std::string_view to_string(DiskCall call) noexcept;

struct Fault {
  DiskCall call;
  std::int64_t at;     // the how-manieth of these calls fails, from 1
  int code;            // what SQLite is told: SQLITE_IOERR_WRITE, SQLITE_FULL, …; SQLITE_OK of a write that is a lie
  bool stays = false;  // all calls of that kind after it fail, too
  bool in_part = false;  // of a write: the first half of the bytes is on the disk all the same
};

// While it lives, every database that this process opens is on it. One at a time, and it must outlive them. Nothing is
// mapped into memory, so that each read is a call; nothing waits for the real disk. For one thread.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  void fail(const Fault& fault);  // counts anew from here
  void heal();

  std::int64_t calls(DiskCall call) const;  // since the last fail() or heal()
  std::int64_t failures() const;            // likewise: how many calls went wrong
};

}  // namespace struere::test
