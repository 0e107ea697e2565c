// How many streams are open: in all, of an organization, and of an actor.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace struere::server {

class StreamCounts : public std::enable_shared_from_this<StreamCounts> {
 public:
  StreamCounts(std::size_t most, std::size_t most_of_actor) : most_(most), most_of_actor_(most_of_actor) {}

  // Counts one stream while it lives.
  class Ticket {
   public:
    Ticket(std::shared_ptr<StreamCounts> counts, std::string organization, std::string actor)
        : counts_(std::move(counts)), organization_(std::move(organization)), actor_(std::move(actor)) {}
    ~Ticket() { counts_->give_back(organization_, actor_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    std::shared_ptr<StreamCounts> counts_;
    std::string organization_, actor_;
  };

  // Null if there are too many. An organization has at most as many as it leaves to the others, so that none can take
  // all of them, with however many actors.
  std::unique_ptr<Ticket> take(const std::string& organization, const std::string& actor) {
    const std::lock_guard lock(mutex_);
    if (open_ >= most_) return nullptr;
    Actors& own = by_organization_[organization];
    if (own.open >= most_ - open_ || own.by_actor[actor] >= most_of_actor_) {
      if (own.open == 0) by_organization_.erase(organization);
      return nullptr;
    }
    auto out = std::make_unique<Ticket>(shared_from_this(), organization, actor);
    ++own.open;
    ++own.by_actor[actor];
    ++open_;
    return out;
  }

  std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }

 private:
  struct Actors {
    std::size_t open = 0;
    std::map<std::string, std::size_t> by_actor;
  };

  void give_back(const std::string& organization, const std::string& actor) {
    const std::lock_guard lock(mutex_);
    --open_;
    const auto own = by_organization_.find(organization);
    const auto of_actor = own->second.by_actor.find(actor);
    if (--of_actor->second == 0) own->second.by_actor.erase(of_actor);
    if (--own->second.open == 0) by_organization_.erase(own);
  }

  const std::size_t most_, most_of_actor_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  std::map<std::string, Actors> by_organization_;
};

}  // namespace struere::server
