// How many streams are open, in all and by actor.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace struere::server {

class StreamCounts : public std::enable_shared_from_this<StreamCounts> {
 public:
  StreamCounts(std::size_t most, std::size_t most_of_one) : most_(most), most_of_one_(most_of_one) {}

  // Counts one stream while it lives.
  class Ticket {
   public:
    Ticket(std::shared_ptr<StreamCounts> counts, std::string actor)
        : counts_(std::move(counts)), actor_(std::move(actor)) {}
    ~Ticket() { counts_->give_back(actor_); }
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    std::shared_ptr<StreamCounts> counts_;
    std::string actor_;
  };

  // Null if there are too many.
  std::unique_ptr<Ticket> take(const std::string& actor) {
    const std::lock_guard lock(mutex_);
    if (open_ >= most_) return nullptr;
    std::size_t& own = by_actor_[actor];
    if (own >= most_of_one_) return nullptr;
    auto out = std::make_unique<Ticket>(shared_from_this(), actor);
    ++own;
    ++open_;
    return out;
  }

  std::size_t open() const {
    const std::lock_guard lock(mutex_);
    return open_;
  }

 private:
  void give_back(const std::string& actor) {
    const std::lock_guard lock(mutex_);
    --open_;
    const auto found = by_actor_.find(actor);
    if (--found->second == 0) by_actor_.erase(found);
  }

  const std::size_t most_, most_of_one_;
  mutable std::mutex mutex_;
  std::size_t open_ = 0;
  std::map<std::string, std::size_t> by_actor_;
};

}  // namespace struere::server
