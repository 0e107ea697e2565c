// A map of bounded size. When it is full, a new entry replaces the one that was not used for the longest time. A
// caller that looks up many keys therefore evicts one entry of others at a time, never all of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <optional>
#include <unordered_set>
#include <utility>

namespace struere {

// Not safe to use from several threads: the owner locks. `Hash` and `Equal` may accept other types than `Key`, with
// the same meaning; find() then takes those types too, so that a lookup need not build a key.
template <class Key, class Value, class Hash, class Equal = std::equal_to<>>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t capacity) : capacity_(capacity) {}
  BoundedCache(const BoundedCache&) = delete;  // the index refers to this object's entries
  BoundedCache& operator=(const BoundedCache&) = delete;

  // Returns null if there is no such entry. The pointer is valid until the next put(). Counts as a use of the entry.
  template <class Sought>
  Value* find(const Sought& sought) {
    const auto found = index_.find(sought);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, *found);
    return &entries_.front().second;
  }

  // Replaces the value if the key is present. The reference is valid until the next put().
  Value& put(Key key, Value value) {
    if (Value* const known = find(key)) return *known = std::move(value);
    entries_.emplace_front(std::move(key), std::move(value));
    try {
      index_.insert(entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    if (entries_.size() > capacity_) pop_oldest();
    return entries_.front().second;
  }

  // Removes the entry that was not used for the longest time and returns its value. There must be one.
  Value pop_oldest() { return pop(std::prev(entries_.end())); }

  // The value that pop_oldest() would return. There must be one.
  const Value& oldest() const { return entries_.back().second; }

  // Removes the entry and returns its value, or nullopt if there is no such entry.
  template <class Sought>
  std::optional<Value> take(const Sought& sought) {
    const auto found = index_.find(sought);
    if (found == index_.end()) return std::nullopt;
    return pop(*found);
  }

  // Removes the entry of the greatest weight, of several the one that was not used for the longest time. There must be
  // one. Looks at all entries.
  template <class Weigh>
  Value pop_heaviest(const Weigh& weigh) {
    const auto lighter = [&](const auto& a, const auto& b) { return weigh(a.second) <= weigh(b.second); };
    return pop(std::max_element(entries_.begin(), entries_.end(), lighter));
  }

  void clear() noexcept {
    index_.clear();
    entries_.clear();
  }

  std::size_t size() const noexcept { return entries_.size(); }

 private:
  using Entries = std::list<std::pair<Key, Value>>;
  using Position = typename Entries::iterator;

  static const Key& key_of(Position position) { return position->first; }
  template <class Sought>
  static const Sought& key_of(const Sought& sought) {
    return sought;
  }

  Value pop(Position position) {
    index_.erase(position);
    Value out = std::move(position->second);
    entries_.erase(position);
    return out;
  }

  struct IndexHash {
    using is_transparent = void;
    template <class T>
    std::size_t operator()(const T& sought) const {
      return Hash()(key_of(sought));
    }
  };
  struct IndexEqual {
    using is_transparent = void;
    template <class T, class U>
    bool operator()(const T& a, const U& b) const {
      return Equal()(key_of(a), key_of(b));
    }
  };

  std::size_t capacity_;
  Entries entries_;  // most recently used first
  std::unordered_set<Position, IndexHash, IndexEqual> index_;
};

}  // namespace struere
