// How many streams are open: in all, of an organization, and of an actor.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "server/shares.hpp"

namespace struere::server {

class StreamCounts : public std::enable_shared_from_this<StreamCounts> {
 public:
  StreamCounts(std::size_t most, std::size_t most_of_actor) : of_organizations_(most), most_of_actor_(most_of_actor) {}

  // Counts one stream while it lives.
  class Ticket {
   public:
    Ticket(std::shared_ptr<StreamCounts> counts, std::string organization, std::string actor)
        : counts_(std::move(counts)),
          part_(counts_->of_organizations_, organization, 1),
          actor_(std::move(organization), std::move(actor)) {}
    ~Ticket() { counts_->give_back(actor_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    std::shared_ptr<StreamCounts> counts_;  // outlives `part_`
    Shares::Part part_;
    std::pair<std::string, std::string> actor_;
  };

  // Null if there are too many.
  std::unique_ptr<Ticket> take(const std::string& organization, const std::string& actor) {
    const std::lock_guard lock(mutex_);
    const auto own = by_actor_.try_emplace({organization, actor}, 0).first;
    if (own->second >= most_of_actor_ || !of_organizations_.take(organization, 1)) {
      if (own->second == 0) by_actor_.erase(own);
      return nullptr;
    }
    auto out = std::make_unique<Ticket>(shared_from_this(), organization, actor);
    ++own->second;
    return out;
  }

  std::size_t open() const { return of_organizations_.total(); }

 private:
  void give_back(const std::pair<std::string, std::string>& actor) {
    const std::lock_guard lock(mutex_);
    const auto own = by_actor_.find(actor);
    if (--own->second == 0) by_actor_.erase(own);
  }

  Shares of_organizations_;
  const std::size_t most_of_actor_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::size_t> by_actor_;
};

}  // namespace struere::server
