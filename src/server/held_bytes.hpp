// Bytes that the server holds for clients: in all, and for each organization.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace struere::server {

// An organization that holds more than it leaves to the others gets no more, so that slow clients of one organization
// cannot take all of it.
class HeldBytes {
 public:
  explicit HeldBytes(std::size_t most) : most_(most) {}

  // Some bytes, until the object is gone.
  class Part {
   public:
    Part(HeldBytes& held, std::string organization, std::size_t bytes)
        : held_(held), organization_(std::move(organization)), bytes_(bytes) {}
    ~Part() { held_.give_back(organization_, bytes_); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;

   private:
    HeldBytes& held_;
    std::string organization_;
    std::size_t bytes_;
  };

  // False if there is no room for them; otherwise a Part must give them back.
  bool take(const std::string& organization, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes > most_ || total_ > most_ - bytes || own(organization) > most_ - bytes - total_) return false;
    count(organization, bytes);
    return true;
  }
  // Counts what is there in any case.
  void add(const std::string& organization, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    count(organization, bytes);
  }
  bool has_room(const std::string& organization) const {
    const std::lock_guard lock(mutex_);
    return total_ <= most_ && own(organization) <= most_ - total_;
  }

 private:
  std::size_t own(const std::string& organization) const {
    const auto found = by_organization_.find(organization);
    return found == by_organization_.end() ? 0 : found->second;
  }
  void count(const std::string& organization, std::size_t bytes) {
    total_ += bytes;
    by_organization_[organization] += bytes;
  }
  void give_back(const std::string& organization, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    total_ -= bytes;
    const auto own = by_organization_.find(organization);
    if ((own->second -= bytes) == 0) by_organization_.erase(own);
  }

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::size_t total_ = 0;
  std::map<std::string, std::size_t> by_organization_;
};

}  // namespace struere::server
