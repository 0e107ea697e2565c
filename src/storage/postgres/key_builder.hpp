// Fills field keys of many rows, and clears those that nobody wants any more: in batches, each a transaction of its
// own, so that the scope's writers wait for one batch at most. What a killed process left is gone on with when the
// database is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>

#include "storage/postgres/work.hpp"

namespace struere::postgres {

class KeyBuilder {
 public:
  explicit KeyBuilder(std::function<std::shared_ptr<Work>(Work::Kind)> begin);
  ~KeyBuilder();
  KeyBuilder(const KeyBuilder&) = delete;
  KeyBuilder& operator=(const KeyBuilder&) = delete;

  // Works off what there is of a scope, in the caller's thread. Gives up where the server cannot be written to: what is
  // left is for the next time.
  void run(std::int64_t scope) noexcept;
  // What was left when the database is opened, in a thread of its own.
  void resume();

 private:
  bool advance(std::int64_t scope);  // whether there is more

  std::function<std::shared_ptr<Work>(Work::Kind)> begin_;
  std::uint64_t forks_;  // when it was made
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace struere::postgres
