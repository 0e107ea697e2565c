// Ids that come in order and are the same in every run; shaped like UUIDv7.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <string>

#include "struere/core/id.hpp"

namespace struere::test {

class SequentialIds final : public IdSource {
 public:
  std::string next(long long) override { return fmt::format("018bcfe5-6800-7000-8000-{:012x}", ++last_); }

 private:
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace struere::test
