#include "actor/authentication_cache.hpp"

#include <cstring>

namespace struere {
namespace {

constexpr std::size_t most_actors = 4096;

}  // namespace

std::size_t AuthenticationCache::Start::operator()(const EventHash& hash) const noexcept {
  std::size_t out;
  std::memcpy(&out, hash.data(), sizeof out);
  return out;
}

std::optional<ActorContext> AuthenticationCache::find(const EventHash& hash, const CommitStamp& stamp,
                                                      Timestamp now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(hash);
  if (found == entries_.end() || found->second.stamp != stamp || now >= found->second.until) return std::nullopt;
  return found->second.actor;
}

void AuthenticationCache::keep(const EventHash& hash, const CommitStamp& stamp, Timestamp until,
                               const ActorContext& actor) {
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_actors) entries_.clear();
  entries_.insert_or_assign(hash, Entry{stamp, until, actor});
}

}  // namespace struere
