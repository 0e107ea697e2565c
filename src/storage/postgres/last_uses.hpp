// The last uses of API keys that are still to be written down. Authentication waits for nobody: a use is only noted
// here, and a thread of its own writes it. A kill may lose it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <thread>

#include "struere/core/clock.hpp"
#include "struere/model/event.hpp"

namespace struere::postgres {

// Safe to use from many threads.
class LastUses {
 public:
  using Uses = std::map<Digest, Timestamp>;

  // `write` may throw, and what it was given is then forgotten: the next use is noted again.
  explicit LastUses(std::function<void(const Uses&)> write) : write_(std::move(write)) {}
  ~LastUses();
  LastUses(const LastUses&) = delete;
  LastUses& operator=(const LastUses&) = delete;

  void note(const Digest& hash, Timestamp at);

 private:
  static constexpr std::size_t most_noted = 1024;  // the rest is noted with its next use

  void work(const std::stop_token& stop);

  std::function<void(const Uses&)> write_;
  std::uint64_t forks_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable_any noted_;
  Uses uses_;
  std::jthread thread_;  // begun with the first use
};

}  // namespace struere::postgres
