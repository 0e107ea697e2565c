// What all clients share, such as bytes, streams and connections: how much of it is taken, in all and by each owner.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace struere::server {

// Whoever has more than he leaves to the others gets no more, so that none can take all of it.
class Shares {
 public:
  explicit Shares(std::size_t most) : most_(most) {}

  // A part of it, until the object is gone.
  class Part {
   public:
    Part(Shares& shares, std::string owner, std::size_t amount)
        : shares_(shares), owner_(std::move(owner)), amount_(amount) {}
    ~Part() { shares_.give_back(owner_, amount_); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    Shares& shares_;
    std::string owner_;
    std::size_t amount_;
  };

  // False if there is no room for it; otherwise a Part must give it back.
  bool take(const std::string& owner, std::size_t amount) {
    const std::lock_guard lock(mutex_);
    if (amount > most_ || total_ > most_ - amount || own(owner) > most_ - amount - total_) return false;
    count(owner, amount);
    return true;
  }
  // Counts what is there in any case.
  void add(const std::string& owner, std::size_t amount) {
    const std::lock_guard lock(mutex_);
    count(owner, amount);
  }
  bool has_room(const std::string& owner) const {
    const std::lock_guard lock(mutex_);
    return total_ <= most_ && own(owner) <= most_ - total_;
  }
  std::size_t total() const {
    const std::lock_guard lock(mutex_);
    return total_;
  }

 private:
  std::size_t own(const std::string& owner) const {
    const auto found = by_owner_.find(owner);
    return found == by_owner_.end() ? 0 : found->second;
  }
  void count(const std::string& owner, std::size_t amount) {
    total_ += amount;
    by_owner_[owner] += amount;
  }
  void give_back(const std::string& owner, std::size_t amount) {
    const std::lock_guard lock(mutex_);
    total_ -= amount;
    const auto own = by_owner_.find(owner);
    if ((own->second -= amount) == 0) by_owner_.erase(own);
  }

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::map<std::string, std::size_t> by_owner_;
};

}  // namespace struere::server
