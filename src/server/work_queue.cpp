#include "server/work_queue.hpp"

#include <algorithm>

namespace struere::server {

WorkQueue::WorkQueue(unsigned threads, std::size_t most_waiting, std::size_t most_waiting_of_one)
    : most_running_of_one_(std::max(1U, threads > 1 ? threads - 1 : 1)),
      most_waiting_(most_waiting),
      most_waiting_of_one_(most_waiting_of_one) {
  for (unsigned i = 0; i < std::max(1U, threads); ++i) threads_.emplace_back([this] { work(); });
}

WorkQueue::~WorkQueue() { stop(); }

bool WorkQueue::submit(const std::string& organization, std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || waiting_ >= most_waiting_) return false;
    const auto found = lines_.find(organization);
    if (found != lines_.end() && found->second.waiting.size() >= most_waiting_of_one_) return false;
    lines_[organization].waiting.push_back(std::move(work));
    ++waiting_;
  }
  changed_.notify_one();
  return true;
}

void WorkQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

// The line after that of the last turn which has work and may run more.
std::map<std::string, WorkQueue::Line>::iterator WorkQueue::next_line() {
  const auto may_run = [&](const auto& entry) {
    return !entry.second.waiting.empty() && entry.second.running < most_running_of_one_;
  };
  const auto start = lines_.upper_bound(last_);
  auto found = std::find_if(start, lines_.end(), may_run);
  if (found == lines_.end()) {
    found = std::find_if(lines_.begin(), start, may_run);
    if (found == start) return lines_.end();
  }
  return found;
}

void WorkQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto line = lines_.end();
    changed_.wait(lock, [&] { return (line = next_line()) != lines_.end() || (is_stopping_ && waiting_ == 0); });
    if (line == lines_.end()) return;
    last_ = line->first;
    auto task = std::move(line->second.waiting.front());
    line->second.waiting.pop_front();
    ++line->second.running;
    --waiting_;
    const std::string organization = line->first;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    const auto done = lines_.find(organization);
    if (--done->second.running == 0 && done->second.waiting.empty())
      lines_.erase(done);
    else if (!done->second.waiting.empty())
      changed_.notify_one();  // it was held back while it had its share
    if (is_stopping_ && waiting_ == 0) changed_.notify_all();
  }
}

}  // namespace struere::server
