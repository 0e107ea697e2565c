// Whose turn it is to make a copy of its organization.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace struere::server {

// One copy is made at a time, because each takes a thread of those that all readers share. Those who were refused go
// first, in the order in which they asked. An organization has one copy on the disk at a time.
class BackupTurns : public std::enable_shared_from_this<BackupTurns> {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // One copy, until it was handed out or the object is gone.
  class Copy {
   public:
    Copy(std::shared_ptr<BackupTurns> turns, std::string organization)
        : turns_(std::move(turns)), organization_(std::move(organization)) {}
    ~Copy() { turns_->give_back(organization_); }
    Copy(const Copy&) = delete;
    Copy& operator=(const Copy&) = delete;

    void made() { turns_->end_making(organization_); }  // the next one may be made

   private:
    std::shared_ptr<BackupTurns> turns_;
    std::string organization_;
  };

  // Null if the organization must ask again later.
  std::unique_ptr<Copy> take(const std::string& organization, Time now) {
    constexpr std::chrono::minutes most_between_questions(2);
    const std::lock_guard lock(mutex_);
    std::erase_if(waiting_, [&](const auto& entry) { return now - entry.second.asked > most_between_questions; });
    if (copies_.contains(organization)) return nullptr;
    const auto [own, is_new] = waiting_.try_emplace(organization, Waiting{last_number_ + 1, now});
    if (is_new) ++last_number_;
    own->second.asked = now;
    bool is_first = making_.empty();
    for (const auto& [other, entry] : waiting_) is_first = is_first && entry.number >= own->second.number;
    if (!is_first) return nullptr;
    auto out = std::make_unique<Copy>(shared_from_this(), organization);
    copies_.insert(organization);
    making_ = organization;
    waiting_.erase(own);
    return out;
  }

 private:
  struct Waiting {
    std::uint64_t number;
    Time asked;
  };

  void end_making(const std::string& organization) {
    const std::lock_guard lock(mutex_);
    if (making_ == organization) making_.clear();
  }
  void give_back(const std::string& organization) {
    const std::lock_guard lock(mutex_);
    if (making_ == organization) making_.clear();
    copies_.erase(organization);
  }

  std::mutex mutex_;
  std::uint64_t last_number_ = 0;
  std::string making_;  // empty: nobody's is made; no organization has an empty id
  std::set<std::string> copies_;
  std::map<std::string, Waiting> waiting_;
};

}  // namespace struere::server
