#include "actor/authentication_cache.hpp"

#include <cstring>

namespace struere {
std::size_t AuthenticationCache::Start::operator()(const EventHash& hash) const noexcept {
  std::size_t out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

std::optional<ActorContext> AuthenticationCache::find(const EventHash& hash, const CommitStamp& stamp, Timestamp now) {
  const MutexLock lock(mutex_);
  const Entry* const found = entries_.find(hash);
  if (!found || found->stamp != stamp || now >= found->until) return std::nullopt;
  return found->actor;
}

void AuthenticationCache::keep(const EventHash& hash, const CommitStamp& stamp, Timestamp until,
                               const ActorContext& actor) {
  const MutexLock lock(mutex_);
  entries_.put(hash, Entry{stamp, until, actor});
}

}  // namespace struere
