#include "repository/compiled_cache.hpp"

#include <vector>

namespace struere {

void CompiledCache::resize(CompiledShare& share, std::size_t bytes) {
  by_bytes_.erase({share.bytes_, &share});
  bytes_ = bytes_ - share.bytes_ + bytes;
  share.bytes_ = bytes;
  if (bytes > 0) by_bytes_.insert({bytes, &share});
}

CompiledCache::Entry CompiledCache::give_up_oldest(CompiledShare& share) {
  Entry out;
  {
    const MutexLock lock(share.mutex_);
    out = share.kept_.pop_oldest();
  }
  resize(share, share.bytes_ - out.bytes);
  return out;
}

void CompiledCache::add(CompiledShare& share, std::string key, const Entry& entry) {
  std::vector<Entry> given_up;  // destroyed when the lock is given back
  const MutexLock lock(mutex_);
  std::size_t before = 0;
  {
    const MutexLock share_lock(share.mutex_);
    if (auto* const kept = share.kept_.find(key)) {
      before = kept->bytes;
      given_up.push_back(std::move(*kept));
    }
    share.kept_.put(std::move(key), entry);
  }
  resize(share, share.bytes_ + entry.bytes - before);
  while (share.bytes_ > of_scope_) given_up.push_back(give_up_oldest(share));
  while (bytes_ > of_all_) given_up.push_back(give_up_oldest(*by_bytes_.rbegin()->second));
}

void CompiledCache::remove(CompiledShare& share) {
  const MutexLock lock(mutex_);
  resize(share, 0);
}

}  // namespace struere
