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
// role takes effect with the next request. What a key that the system made may do is said by its record and by the
// roles of its scope alone: such an entry is valid again once these are seen to be the same. Safe to use from many
// threads.
class AuthenticationCache {
 public:
  struct Entry {
    CommitStamp stamp;
    Timestamp until;  // when the key expires, or when its use must be written again
    ActorContext actor;
    std::optional<FoundApiKey> source;  // that `actor` follows from; nullopt if it depends on more
  };

  // Entries are found by the hash of a key; the key itself is not kept.
  std::optional<ActorContext> find(const Digest& hash, const CommitStamp& stamp, Timestamp now);
  // By what the storage holds of the key while it has this stamp.
  std::optional<ActorContext> find_again(const Digest& hash, const CommitStamp& stamp, Timestamp now,
                                         const FoundApiKey& found);
  void keep(const Digest& hash, Entry entry);

 private:
  struct Start {  // the first bytes of a hash are random enough
    std::size_t operator()(const Digest& hash) const noexcept;
  };

  static constexpr std::size_t most_actors = 4096;
  Mutex mutex_;
  BoundedCache<Digest, Entry, Start> entries_ STRUERE_GUARDED_BY(mutex_){most_actors};
};

}  // namespace struere
