#include "storage/sqlite/write_queue.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "core/fork_count.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

// These locks belong to an open file and not to the process. So two databases of one process wait like two processes,
// and the lock is not lost when other code of the process closes the file.
#if defined(F_OFD_SETLK) && defined(F_OFD_GETLK)
#define STRUERE_HAS_FILE_LOCKS 1
#endif

namespace struere {

#if STRUERE_HAS_FILE_LOCKS

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t guard = 0;     // the byte that is held while a ticket is drawn
constexpr std::int64_t shortcut = 1;  // the ticket of a writer that finds the queue empty; it comes before all others
constexpr std::int64_t first_ticket = 2;
constexpr std::int64_t most_tickets = std::int64_t{1} << 60;
constexpr auto longest_drawing = 20ms;  // the guard is held for microseconds, unless its holder was stopped
constexpr auto between_lock_tries = 50ms;
constexpr auto shortest_nap = 100us, longest_nap = 5000us;

// True if the lock was taken or given up.
bool set_lock(int file, short type, std::int64_t byte) noexcept {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return fcntl(file, F_OFD_SETLK, &lock) == 0;
}

// The position of a lock of another open file between `begin` and before `end`; -1 if there is no such lock.
std::int64_t find_lock(int file, std::int64_t begin, std::int64_t end) noexcept {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = begin;
  lock.l_len = end - begin;
  return fcntl(file, F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK ? -1 : lock.l_start;
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

// Gives the lock file the mode of the database, as SQLite does for its own files.
int open_beside(const std::string& database) {
  struct stat found {};
  if (stat(database.c_str(), &found) != 0) return -1;
  const std::string path = database + "-lock";
  const mode_t mode = found.st_mode & 0666;
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (made < 0) return ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  const bool is_as_wide = fchmod(made, mode) == 0 && (geteuid() != 0 || fchown(made, found.st_uid, found.st_gid) == 0);
  static_cast<void>(is_as_wide);  // if this failed, processes of other users write without the queue
  return made;
}

}  // namespace

void WriteQueue::open(const std::string& path) {
  file_ = open_beside(path);
  forks_ = fork_count();
  if (file_ >= 0) note(file_);
}

WriteQueue::~WriteQueue() {
  if (file_ < 0 || forks_ != fork_count()) return;
  forget(file_);
  ::close(file_);
}

bool WriteQueue::draw(Clock::time_point deadline, std::int64_t& number) {
  const auto give_up = std::min(deadline, Clock::now() + longest_drawing);
  while (!set_lock(file_, F_WRLCK, guard)) {
    if ((errno != EAGAIN && errno != EACCES && errno != EINTR) || Clock::now() >= give_up) return false;
    std::this_thread::sleep_for(shortest_nap);
  }
  std::int64_t next = 0;
  if (pread(file_, &next, sizeof next, 0) != sizeof next || next < 0 || next >= most_tickets) next = 0;
  // The number may be locked if another program wrote to the file, or if a write to it failed. Then takes a later
  // number.
  number = next + first_ticket;
  const std::int64_t last = number + 1000;
  while (number < last && !set_lock(file_, F_WRLCK, number)) ++number;
  const bool is_drawn = number < last;
  next = number - first_ticket + 1;
  if (is_drawn && pwrite(file_, &next, sizeof next, 0) != sizeof next) {  // the next writer finds this number locked
  }
  set_lock(file_, F_UNLCK, guard);
  return is_drawn;
}

std::int64_t WriteQueue::distance_to_holder(std::int64_t number) {
  const std::int64_t holder = find_lock(file_, shortcut, number);
  if (holder < 0) return 0;
  return holder == shortcut ? 1 : std::max<std::int64_t>(number - holder, 1);
}

WriteQueue::Ticket WriteQueue::wait(Clock::time_point deadline, const std::function<bool()>& has_lock) {
  if (file_ < 0) return {nullptr, 0};
  if (set_lock(file_, F_WRLCK, shortcut)) {
    if (find_lock(file_, guard, most_tickets) < 0) return {this, shortcut};
    set_lock(file_, F_UNLCK, shortcut);
  }
  std::int64_t number = 0;
  if (!draw(deadline, number)) return {nullptr, 0};
  Ticket ticket(this, number);
  for (auto next_try = Clock::now() + between_lock_tries;;) {
    const std::int64_t distance = distance_to_holder(number);
    if (distance == 0) return ticket;
    const auto now = Clock::now();
    if (now >= deadline) return ticket;
    if (now >= next_try) {
      if (has_lock()) return ticket;
      next_try = now + between_lock_tries;
    }
    std::this_thread::sleep_for(std::min<std::chrono::microseconds>(shortest_nap * distance, longest_nap));
  }
}

void WriteQueue::release(std::int64_t number) noexcept {
  if (forks_ == fork_count()) set_lock(file_, F_UNLCK, number);
}

#else

void WriteQueue::open(const std::string&) {}
WriteQueue::~WriteQueue() = default;
WriteQueue::Ticket WriteQueue::wait(Clock::time_point, const std::function<bool()>&) { return {nullptr, 0}; }
void WriteQueue::release(std::int64_t) noexcept {}

#endif

}  // namespace struere
