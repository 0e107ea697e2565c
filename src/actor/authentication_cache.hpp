// The actors of API keys that were used lately: the same key comes with every request.
#pragma once

#include <optional>

#include "core/bounded_cache.hpp"
#include "core/mutex.hpp"
#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/event.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Belongs to one storage. An entry is valid until anything is committed to the storage, so a revoked key or a removed
// role takes effect with the next request. Safe to use from many threads.
class AuthenticationCache {
 public:
  // Entries are found by the hash of a key; the key itself is not kept.
  std::optional<ActorContext> find(const EventHash& hash, const CommitStamp& stamp, Timestamp now);
  // `until`: when the key expires, or when its use must be written again.
  void keep(const EventHash& hash, const CommitStamp& stamp, Timestamp until, const ActorContext& actor);

 private:
  struct Entry {
    CommitStamp stamp;
    Timestamp until;
    ActorContext actor;
  };
  struct Start {  // the first bytes of a hash are random enough
    std::size_t operator()(const EventHash& hash) const noexcept;
  };

  static constexpr std::size_t most_actors = 4096;
  Mutex mutex_;
  BoundedCache<EventHash, Entry, Start> entries_ STRUERE_GUARDED_BY(mutex_){most_actors};
};

}  // namespace struere
