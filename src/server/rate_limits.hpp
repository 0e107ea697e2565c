// How often one actor, and one organization, may ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace struere::server {

// Each of them may make `rate` requests a second on the average, and a burst of as many at once.
class RateLimits {
 public:
  // Zero: no limit.
  RateLimits(std::uint32_t of_actor, std::uint32_t of_organization);

  struct Answer {
    bool is_allowed = true;
    // RateLimit and RateLimit-Policy, and Retry-After if it is not allowed.
    std::vector<std::pair<std::string, std::string>> headers;
  };

  Answer take(const std::string& organization, const std::string& actor, std::chrono::steady_clock::time_point now);

 private:
  using Time = std::chrono::steady_clock::time_point;

  // When what was used will be given back in full; one map for each of the two.
  class Buckets {
   public:
    explicit Buckets(std::uint32_t rate) : rate_(rate) {}
    std::uint32_t rate() const noexcept { return rate_; }
    std::uint32_t remaining(const std::string& name, Time now);
    void use(const std::string& name, Time now);

   private:
    std::chrono::nanoseconds of_one() const noexcept { return std::chrono::nanoseconds(1'000'000'000 / rate_); }

    std::uint32_t rate_;
    std::map<std::string, Time> full_at_;
  };

  std::mutex mutex_;
  Buckets actors_, organizations_;
};

}  // namespace struere::server
