// What a database keeps compiled from definitions, bounded in bytes: schemas and access plans. What was given up is
// compiled again when it is needed.
//
// One bound holds for each scope, and one for all scopes together. At the second bound, the scope that holds the most
// gives up what it has not used for the longest time. A scope that holds less than the others therefore keeps what it
// has, whatever the others do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "core/bounded_cache.hpp"
#include "core/mutex.hpp"

namespace struere {

class CompiledShare;

// Safe to use from several threads, as is CompiledShare.
class CompiledCache {
 public:
  static constexpr std::size_t most_of_scope = 64UL << 20;  // two schemas of the largest size
  static constexpr std::size_t most_of_all = 512UL << 20;

  explicit CompiledCache(std::size_t of_scope = most_of_scope, std::size_t of_all = most_of_all)
      : of_scope_(of_scope), of_all_(of_all) {}

  std::size_t bytes() {
    const MutexLock lock(mutex_);
    return bytes_;
  }

 private:
  friend class CompiledShare;
  struct Entry {
    std::shared_ptr<const void> compiled;
    std::size_t bytes = 0;
  };

  void add(CompiledShare& share, std::string key, const Entry& entry);
  void remove(CompiledShare& share);
  Entry give_up_oldest(CompiledShare& share) STRUERE_REQUIRES(mutex_);
  void resize(CompiledShare& share, std::size_t bytes) STRUERE_REQUIRES(mutex_);

  const std::size_t of_scope_, of_all_;
  Mutex mutex_;  // may be taken before that of a share, never after it
  std::set<std::pair<std::size_t, CompiledShare*>> by_bytes_ STRUERE_GUARDED_BY(mutex_);
  std::size_t bytes_ STRUERE_GUARDED_BY(mutex_) = 0;
};

// What was compiled from the definitions of one scope at one generation. Each kind of it has a prefix of its own in
// its keys.
class CompiledShare {
 public:
  explicit CompiledShare(std::shared_ptr<CompiledCache> cache) : cache_(std::move(cache)) {}
  ~CompiledShare() { cache_->remove(*this); }
  CompiledShare(const CompiledShare&) = delete;  // the cache refers to it
  CompiledShare& operator=(const CompiledShare&) = delete;

  // Null if it is not kept.
  template <class T>
  std::shared_ptr<const T> find(const std::string& key) {
    const MutexLock lock(mutex_);
    const auto* const kept = kept_.find(key);
    return kept ? std::static_pointer_cast<const T>(kept->compiled) : nullptr;
  }

  void put(std::string key, std::shared_ptr<const void> compiled, std::size_t bytes) {
    cache_->add(*this, std::move(key), {std::move(compiled), bytes});
  }

 private:
  friend class CompiledCache;

  std::shared_ptr<CompiledCache> cache_;
  std::size_t bytes_ = 0;  // guarded by the mutex of the cache
  Mutex mutex_;
  BoundedCache<std::string, CompiledCache::Entry, std::hash<std::string>> kept_ STRUERE_GUARDED_BY(mutex_){SIZE_MAX};
};

}  // namespace struere
