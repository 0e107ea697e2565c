#include "storage/sqlite/byte_locks.hpp"

#include <utility>

#include "core/fork_count.hpp"
#include "core/portable_file.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#elif defined(_WIN32)
#include <windows.h>
#endif

namespace struere {

#if defined(F_OFD_SETLK) && defined(F_OFD_GETLK)

namespace {

int set_lock(std::intptr_t file, short type, std::int64_t byte) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return fcntl(static_cast<int>(file), F_OFD_SETLK, &lock);
}

// A child of fork() has the same open files and would keep its parent's locks after the parent dies. So it closes them
// at once.
constexpr std::size_t most_noted = 64;
std::atomic<int> noted[most_noted];  // one more than the descriptor; 0 is a free place

void close_all_noted() {
  for (auto& place : noted)
    if (const int file = place.exchange(0); file > 0) close(file - 1);
}

void note(int file) {
  static const int registered = pthread_atfork(nullptr, nullptr, close_all_noted);
  static_cast<void>(registered);
  for (auto& place : noted)
    if (int free = 0; place.compare_exchange_strong(free, file + 1)) return;
}

void forget(int file) {
  for (auto& place : noted)
    if (int known = file + 1; place.compare_exchange_strong(known, 0)) return;
}

int open_like(const std::string& file, const std::string& like) noexcept {
  struct stat found {};
  if (stat(like.c_str(), &found) != 0) return -1;
  const mode_t mode = found.st_mode & 0666;
  const int made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (made < 0) return ::open(file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  const bool is_as_wide = fchmod(made, mode) == 0 && (geteuid() != 0 || fchown(made, found.st_uid, found.st_gid) == 0);
  static_cast<void>(is_as_wide);  // if this failed, processes of other users write without the queue
  return made;
}

}  // namespace

void ByteLocks::open(const std::string& file, const std::string& like) noexcept {
  file_ = open_like(file, like);
  forks_ = fork_count();
  if (is_open()) note(static_cast<int>(file_));
}

ByteLocks::~ByteLocks() {
  if (!is_open() || forks_ != fork_count()) return;
  forget(static_cast<int>(file_));
  ::close(static_cast<int>(file_));
}

ByteLock ByteLocks::lock(std::int64_t byte) noexcept {
  if (forks_ != fork_count()) return ByteLock::failed;
  if (set_lock(file_, F_WRLCK, byte) == 0) return ByteLock::taken;
  return errno == EAGAIN || errno == EACCES || errno == EINTR ? ByteLock::held_by_another : ByteLock::failed;
}

void ByteLocks::unlock(std::int64_t byte) noexcept {
  if (forks_ == fork_count()) set_lock(file_, F_UNLCK, byte);
}

std::int64_t ByteLocks::find(std::int64_t begin, std::int64_t end) noexcept {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = begin;
  lock.l_len = end - begin;
  return fcntl(static_cast<int>(file_), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK ? -1 : lock.l_start;
}

std::int64_t ByteLocks::number() noexcept {
  std::int64_t out = 0;
  return pread(static_cast<int>(file_), &out, sizeof out, 0) == sizeof out ? out : -1;
}

bool ByteLocks::keep_number(std::int64_t number) noexcept {
  return pwrite(static_cast<int>(file_), &number, sizeof number, 0) == sizeof number;
}

#elif defined(_WIN32)

namespace {

HANDLE as_handle(std::intptr_t handle) noexcept { return reinterpret_cast<HANDLE>(handle); }

// Windows keeps others from reading and writing a locked byte. So the locks are where the file never has a byte.
constexpr std::int64_t first_locked = std::int64_t{1} << 61;

OVERLAPPED at(std::int64_t offset) noexcept {
  OVERLAPPED out{};
  out.Offset = static_cast<DWORD>(offset & 0xffffffff);
  out.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return out;
}

bool set_lock(std::intptr_t file, DWORD flags, std::int64_t begin, std::int64_t length) noexcept {
  OVERLAPPED place = at(first_locked + begin);
  return LockFileEx(as_handle(file), flags | LOCKFILE_FAIL_IMMEDIATELY, 0, static_cast<DWORD>(length & 0xffffffff),
                    static_cast<DWORD>(length >> 32), &place) != 0;
}

void remove_lock(std::intptr_t file, std::int64_t begin, std::int64_t length) noexcept {
  OVERLAPPED place = at(first_locked + begin);
  UnlockFileEx(as_handle(file), 0, static_cast<DWORD>(length & 0xffffffff), static_cast<DWORD>(length >> 32), &place);
}

}  // namespace

// The permissions are those of the folder, as for the files of SQLite.
void ByteLocks::open(const std::string& file, const std::string&) noexcept {
  try {
    const HANDLE opened = CreateFileW(path_of(file).c_str(), GENERIC_READ | GENERIC_WRITE,
                                      FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, nullptr, OPEN_ALWAYS,
                                      FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
    BY_HANDLE_FILE_INFORMATION found{};
    if (opened == INVALID_HANDLE_VALUE) return;
    if (GetFileInformationByHandle(opened, &found) && (found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) == 0)
      file_ = reinterpret_cast<std::intptr_t>(opened);
    else
      CloseHandle(opened);
  } catch (const std::exception&) {
  }
}

ByteLocks::~ByteLocks() {
  if (is_open()) CloseHandle(as_handle(file_));
}

ByteLock ByteLocks::lock(std::int64_t byte) noexcept {
  if (set_lock(file_, LOCKFILE_EXCLUSIVE_LOCK, byte, 1)) return ByteLock::taken;
  return GetLastError() == ERROR_LOCK_VIOLATION ? ByteLock::held_by_another : ByteLock::failed;
}

void ByteLocks::unlock(std::int64_t byte) noexcept { remove_lock(file_, byte, 1); }

// A shared lock of the range fails only if another open file holds an exclusive lock in it.
std::int64_t ByteLocks::find(std::int64_t begin, std::int64_t end) noexcept {
  if (end <= begin) return -1;
  if (!set_lock(file_, 0, begin, end - begin)) return GetLastError() == ERROR_LOCK_VIOLATION ? begin : -1;
  remove_lock(file_, begin, end - begin);
  return -1;
}

std::int64_t ByteLocks::number() noexcept {
  OVERLAPPED place = at(0);
  std::int64_t out = 0;
  DWORD count = 0;
  return ReadFile(as_handle(file_), &out, sizeof out, &count, &place) && count == sizeof out ? out : -1;
}

bool ByteLocks::keep_number(std::int64_t number) noexcept {
  OVERLAPPED place = at(0);
  DWORD count = 0;
  return WriteFile(as_handle(file_), &number, sizeof number, &count, &place) && count == sizeof number;
}

#else

void ByteLocks::open(const std::string&, const std::string&) noexcept {}
ByteLocks::~ByteLocks() = default;
ByteLock ByteLocks::lock(std::int64_t) noexcept { return ByteLock::failed; }
void ByteLocks::unlock(std::int64_t) noexcept {}
std::int64_t ByteLocks::find(std::int64_t, std::int64_t) noexcept { return -1; }
std::int64_t ByteLocks::number() noexcept { return -1; }
bool ByteLocks::keep_number(std::int64_t) noexcept { return false; }

#endif

}  // namespace struere
