// Fills field keys of many rows, and clears those that nobody wants any more: in batches, each a transaction of its
// own, so that other writers wait for one batch at most. What a killed process left is gone on with when the file is
// opened.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <thread>

#include "core/fork_count.hpp"
#include "storage/sqlite/group_commit.hpp"

namespace struere {

class KeyBuilder {
 public:
  KeyBuilder(GroupCommit& writers, std::chrono::milliseconds timeout)
      : writers_(writers), timeout_(timeout), forks_(fork_count()) {}
  ~KeyBuilder();
  KeyBuilder(const KeyBuilder&) = delete;
  KeyBuilder& operator=(const KeyBuilder&) = delete;

  // Works off what there is of a scope, in the caller's thread. Gives up where the file cannot be written: what is left
  // is for the next time.
  void run(std::int64_t scope) noexcept { work(scope); }
  // What was left when the file was opened: a little of it at once, the rest in a thread of its own. `connection` is
  // one to look for it with.
  void resume(Connection& connection);

 private:
  // Of all scopes, if none is given.
  void work(std::optional<std::int64_t> scope) noexcept;
  // Whether there is more.
  bool advance(std::optional<std::int64_t> scope);

  GroupCommit& writers_;
  std::chrono::milliseconds timeout_;
  std::uint64_t forks_;  // when it was made
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace struere
