#include "storage/retry.hpp"

#include <chrono>
#include <cstdint>
#include <thread>

#include "core/digest.hpp"

namespace struere {
namespace {

constexpr int most_failures = 6;
constexpr std::uint64_t first_wait_us = 4'000;

}  // namespace

bool wait_to_retry(int failures) {
  if (failures >= most_failures) return false;
  const std::uint64_t longest = first_wait_us << static_cast<unsigned>(failures);
  std::this_thread::sleep_for(std::chrono::microseconds(longest / 2 + random_number() % (longest / 2)));
  return true;
}

}  // namespace struere
