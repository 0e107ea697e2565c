// The actors that API keys stood for lately: the same key comes with every request.
#pragma once

#include <mutex>
#include <optional>

#include "core/bounded_cache.hpp"
#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/event.hpp"
#include "struere/storage/storage.hpp"

namespace struere {

// Of one storage. An answer is good for as long as nothing was committed to it, whatever it was: a key that is revoked,
// or a role that is removed, is gone with the next request. Safe to use from many threads.
class AuthenticationCache {
 public:
  // The hash of a key finds its actor; the key itself is nowhere.
  std::optional<ActorContext> find(const EventHash& hash, const CommitStamp& stamp, Timestamp now);
  // `until`: when the key expires, or its use has to be written down again.
  void keep(const EventHash& hash, const CommitStamp& stamp, Timestamp until, const ActorContext& actor);

 private:
  struct Entry {
    CommitStamp stamp;
    Timestamp until;
    ActorContext actor;
  };
  struct Start {  // of a hash: its bytes are as good as any
    std::size_t operator()(const EventHash& hash) const noexcept;
  };

  static constexpr std::size_t most_actors = 4096;
  std::mutex mutex_;
  BoundedCache<EventHash, Entry, Start> entries_{most_actors};
};

}  // namespace struere
