#include "storage/postgres/last_uses.hpp"

#include <exception>
#include <utility>

#include "core/fork_count.hpp"

namespace struere::postgres {

LastUses::~LastUses() {
  thread_.request_stop();
  if (thread_.joinable() && forks_ != fork_count()) thread_.detach();  // a child of fork() does not have the thread
}

void LastUses::note(const Digest& hash, Timestamp at) {
  const std::scoped_lock lock(mutex_);
  if (uses_.size() >= most_noted && !uses_.contains(hash)) return;
  uses_.insert_or_assign(hash, at);
  if (!thread_.joinable()) {
    forks_ = fork_count();
    thread_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
  }
  noted_.notify_one();
}

void LastUses::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  // What is noted when the storage is closed is written as well.
  while (noted_.wait(lock, stop, [&] { return !uses_.empty(); }) || !uses_.empty()) {
    const Uses taken = std::exchange(uses_, {});
    lock.unlock();
    try {
      write_(taken);
    } catch (const std::exception&) {
    }
    lock.lock();
  }
}

}  // namespace struere::postgres
