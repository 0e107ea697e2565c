// The actors of recently used API keys, because the same key comes with every request.
#pragma once

#include <optional>

#include "core/bounded_cache.hpp"
#include "core/mutex.hpp"
#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/database_activity.hpp"
#include "struere/model/event.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// Belongs to one storage. An entry is valid until any commit to the storage, so a revoked key or a removed role takes
// effect with the next request. The powers of a key that the system made depend only on its record and on the roles
// of its scope; find_again() makes such an entry valid again if these are unchanged. Safe to use from several
// threads.
class AuthenticationCache {
 public:
  struct Entry {
    CommitStamp stamp;
    Timestamp until;  // when the key expires, or when its last use must be written again
    ActorContext actor;
    std::optional<FoundApiKey> source;  // what `actor` was made from; nullopt if it depends on more than that
  };

  // Finds an entry by the hash of a key. The cache does not hold the key itself.
  std::optional<ActorContext> find(const Digest& hash, const CommitStamp& stamp, Timestamp now);
  // Finds an entry whose source equals `found`, which was read at this stamp, and makes it valid for the stamp.
  std::optional<ActorContext> find_again(const Digest& hash, const CommitStamp& stamp, Timestamp now,
                                         const FoundApiKey& found);
  // Counts an actor that neither of them found.
  void count_miss();
  void keep(const Digest& hash, Entry entry);
  CacheCounts uses();

 private:
  struct Start {  // the first bytes of a hash are random enough
    std::size_t operator()(const Digest& hash) const noexcept;
  };

  static constexpr std::size_t most_actors = 4096;
  Mutex mutex_;
  BoundedCache<Digest, Entry, Start> entries_ STRUERE_GUARDED_BY(mutex_){most_actors};
  CacheCounts uses_ STRUERE_GUARDED_BY(mutex_);
};

}  // namespace struere
