// Threads that carry out operations, shared fairly by the organizations.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace struere::server {

// Takes work in turns among those who wait, so that the queue of one organization delays no other one. At most all
// threads but one work for one organization.
class WorkQueue {
 public:
  WorkQueue(unsigned threads, std::size_t most_waiting, std::size_t most_waiting_of_one);
  ~WorkQueue();  // finishes what was accepted
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  // False if too much waits already. `work` must not throw.
  bool submit(const std::string& organization, std::function<void()> work);

  // Carries out what was accepted, and ends the threads. submit() then answers false.
  void stop();

 private:
  struct Line {
    std::deque<std::function<void()>> waiting;
    unsigned running = 0;
  };

  void work();
  std::map<std::string, Line>::iterator next_line();

  const unsigned most_running_of_one_;
  const std::size_t most_waiting_, most_waiting_of_one_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Line> lines_;  // of those who have work, waiting or running
  std::string last_;                   // whose work was taken last
  std::size_t waiting_ = 0;
  bool is_stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace struere::server
