#include "storage/sqlite/write_queue.hpp"

#include <algorithm>
#include <thread>

namespace struere {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t guard = 0;     // the byte that is held while a ticket is drawn
constexpr std::int64_t shortcut = 1;  // the ticket of a writer that finds the queue empty; it comes before all others
constexpr std::int64_t first_ticket = 2;
constexpr std::int64_t most_tickets = std::int64_t{1} << 60;
constexpr auto longest_drawing = 20ms;  // the guard is held for microseconds, unless its holder was stopped
constexpr auto between_lock_tries = 50ms;
constexpr auto shortest_nap = 100us, longest_nap = 5000us;

}  // namespace

void WriteQueue::open(const std::string& path) { locks_.open(path + "-lock", path); }

bool WriteQueue::draw(Clock::time_point deadline, std::int64_t& number) {
  const auto give_up = std::min(deadline, Clock::now() + longest_drawing);
  for (ByteLock got; (got = locks_.lock(guard)) != ByteLock::taken; std::this_thread::sleep_for(shortest_nap))
    if (got == ByteLock::failed || Clock::now() >= give_up) return false;
  std::int64_t next = locks_.number();
  if (next < 0 || next >= most_tickets) next = 0;
  // The number may be locked if another program wrote to the file, or if a write to it failed. Then takes a later
  // number.
  number = next + first_ticket;
  const std::int64_t last = number + 1000;
  while (number < last && locks_.lock(number) != ByteLock::taken) ++number;
  const bool is_drawn = number < last;
  next = number - first_ticket + 1;
  if (is_drawn && !locks_.keep_number(next)) {  // the next writer finds this number locked
  }
  locks_.unlock(guard);
  return is_drawn;
}

std::int64_t WriteQueue::distance_to_holder(std::int64_t number) {
  const std::int64_t holder = locks_.find(shortcut, number);
  if (holder < 0) return 0;
  return holder == shortcut ? 1 : std::max<std::int64_t>(number - holder, 1);
}

WriteQueue::Ticket WriteQueue::wait(Clock::time_point deadline, const std::function<bool()>& has_lock) {
  if (!locks_.is_open()) return {nullptr, 0};
  if (locks_.lock(shortcut) == ByteLock::taken) {
    if (locks_.find(guard, most_tickets) < 0) return {this, shortcut};
    locks_.unlock(shortcut);
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

void WriteQueue::release(std::int64_t number) noexcept { locks_.unlock(number); }

}  // namespace struere
