// The recent answers of `can`, kept for each thread, because one request calls `can` many times.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "struere/access/policy.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Each thread has its own cache, so it needs no lock. An entry is valid only while the storage that it was read from
// has the same commit stamp: any commit invalidates it, so no decision is ever stale.
class DecisionCache {
 public:
  static DecisionCache& of_this_thread();

  struct Question {
    std::uint64_t engine, actor;
    Action action;
    std::string_view resource;
  };

  const Decision* find(const Question& question, const CommitStamp& stamp) const;
  void keep(const Question& question, const CommitStamp& stamp, Decision decision);

 private:
  struct Entry {
    std::uint64_t engine, actor;
    Action action;
    std::string resource;
    CommitStamp stamp;
    Decision decision;
  };

  static std::size_t place_of(const Question& question) noexcept;

  std::array<std::optional<Entry>, 256> entries_;
};

}  // namespace struere
