// SIGINT, SIGTERM and the SIGHUP of a terminal that is closed, for commands that finish what they are at before they
// end.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

namespace struere::cli {

inline constexpr int interrupted = 130;  // the exit code that shells use

// Neither this thread nor those that it makes later are interrupted by the signals. The first signal asks the command
// to stop. The second ends the process at once, for one that waits for a server or a disk that hangs: a write is whole
// or not there.
class StopSignals {
 public:
  // `first` is called on another thread when the first one comes.
  explicit StopSignals(std::function<void()> first = {});
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  bool came() const { return came_within(std::chrono::milliseconds(0)); }
  // Waits for one; whether it came.
  bool came_within(std::chrono::milliseconds time) const { return came_.wait_for(time) == std::future_status::ready; }

 private:
  void take_signals();

  std::function<void()> first_;
  std::promise<void> first_came_;
  std::future<void> came_ = first_came_.get_future();
  std::atomic<bool> is_over_ = false;
  std::thread thread_;
};

}  // namespace struere::cli
