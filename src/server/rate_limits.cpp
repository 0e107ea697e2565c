#include "server/rate_limits.hpp"

#include <algorithm>

namespace struere::server {
namespace {

constexpr std::size_t most_names = 100'000;

}  // namespace

RateLimits::RateLimits(std::uint32_t of_actor, std::uint32_t of_organization)
    : actors_(of_actor), organizations_(of_organization) {}

std::uint32_t RateLimits::Buckets::remaining(const std::string& name, Time now) {
  const auto found = full_at_.find(name);
  if (found == full_at_.end() || found->second <= now) return rate_;
  const auto used = (found->second - now + of_one() - std::chrono::nanoseconds(1)) / of_one();
  return used >= rate_ ? 0 : rate_ - static_cast<std::uint32_t>(used);
}

void RateLimits::Buckets::use(const std::string& name, Time now) {
  // A bucket that is full again says nothing. Names come from valid keys, so there are not more for long.
  if (full_at_.size() >= most_names && !full_at_.contains(name))
    std::erase_if(full_at_, [&](const auto& bucket) { return bucket.second <= now; });
  Time& full_at = full_at_[name];
  full_at = std::max(full_at, now) + of_one();
}

RateLimits::Answer RateLimits::take(const std::string& organization, const std::string& actor, Time now) {
  Answer out;
  if (actors_.rate() == 0 && organizations_.rate() == 0) return out;
  const std::string of_actor =
      std::to_string(organization.size()) + "/" + organization + actor;  // ids may have any text
  const std::lock_guard lock(mutex_);
  std::string policies, states;
  const auto look = [&](Buckets& buckets, const std::string& name, const char* title) {
    if (buckets.rate() == 0) return;
    const std::uint32_t remaining = buckets.remaining(name, now);
    if (remaining == 0) out.is_allowed = false;
    const std::string separator = policies.empty() ? "" : ", ";
    policies += separator + "\"" + title + "\";q=" + std::to_string(buckets.rate()) + ";w=1";
    states += separator + "\"" + title + "\";r=" + std::to_string(remaining == 0 ? 0 : remaining - 1) + ";t=1";
  };
  look(actors_, of_actor, "actor");
  look(organizations_, organization, "organization");
  if (out.is_allowed) {
    if (actors_.rate() != 0) actors_.use(of_actor, now);
    if (organizations_.rate() != 0) organizations_.use(organization, now);
  }
  out.headers = {{"RateLimit-Policy", policies}, {"RateLimit", states}};
  if (!out.is_allowed) out.headers.emplace_back("Retry-After", "1");
  return out;
}

}  // namespace struere::server
