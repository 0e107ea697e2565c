// Fills field keys with many rows, and clears those that are no longer defined. It works in batches. Each batch is its
// own transaction, so that other writers wait for one batch at most. Work that a killed process left continues when
// the file is opened.
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

  // Finishes the open work of a scope in the caller's thread. Stops if the file cannot be written; the rest is done at
  // the next opportunity.
  void run(std::int64_t scope) noexcept { work(scope); }
  // Continues the work that was left when the file was opened: some batches at once, the rest in its own thread. Uses
  // `connection` to look for that work.
  void resume(Connection& connection);

 private:
  // Works for all scopes if no scope is given.
  void work(std::optional<std::int64_t> scope) noexcept;
  // Runs one batch. Returns false if there was no work.
  bool advance(std::optional<std::int64_t> scope);

  GroupCommit& writers_;
  std::chrono::milliseconds timeout_;
  std::uint64_t forks_;  // the fork count when it was made
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace struere
