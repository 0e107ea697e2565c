#include "actor/authentication_cache.hpp"

#include <cstring>

namespace struere {
std::size_t AuthenticationCache::Start::operator()(const Digest& hash) const noexcept {
  std::size_t out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

std::optional<ActorContext> AuthenticationCache::find(const Digest& hash, const CommitStamp& stamp, Timestamp now) {
  const MutexLock lock(mutex_);
  const Entry* const found = entries_.find(hash);
  if (!found || found->stamp != stamp || now >= found->until) return std::nullopt;
  ++uses_.hits;
  return found->actor;
}

std::optional<ActorContext> AuthenticationCache::find_again(const Digest& hash, const CommitStamp& stamp, Timestamp now,
                                                            const FoundApiKey& found) {
  const MutexLock lock(mutex_);
  Entry* const known = entries_.find(hash);
  if (!known || !known->source || *known->source != found || now >= known->until) return std::nullopt;
  known->stamp = stamp;
  ++uses_.hits;
  return known->actor;
}

void AuthenticationCache::count_miss() {
  const MutexLock lock(mutex_);
  ++uses_.misses;
}

void AuthenticationCache::keep(const Digest& hash, Entry entry) {
  const MutexLock lock(mutex_);
  entries_.put(hash, std::move(entry));
}

CacheCounts AuthenticationCache::uses() {
  const MutexLock lock(mutex_);
  return uses_;
}

}  // namespace struere
