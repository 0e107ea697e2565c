// What the connections of one server share.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "server/application.hpp"
#include "server/shares.hpp"
#include "server/work_queue.hpp"

namespace struere::server {

class Core {
 public:
  explicit Core(Services services);

  const Application& application() const noexcept { return application_; }
  const ServerLimits& limits() const noexcept { return application_.services().options.limits; }
  WorkQueue& queue(Lane lane) noexcept { return lane == Lane::write ? writes_ : reads_; }
  // Where requests wait for the database to tell who asks; nullptr if it tells at once, on any thread.
  WorkQueue* admissions() noexcept { return admissions_ ? &*admissions_ : nullptr; }

  Shares& bodies() noexcept { return bodies_; }
  Shares& answers() noexcept { return answers_; }  // that are not written yet

  // A connection registers how it is closed if it waits for a request (`force` false) or whatever it does. Returns 0 if
  // there are too many of its kind, or `client` has as many as it leaves to others. A connection that finds no place
  // among those that are served takes one of a few where it is told so.
  enum class Place { served, refused };
  using Close = std::function<void(bool force)>;
  std::size_t add_connection(const std::string& client, Place place, Close close);
  void remove_connection(std::size_t number);
  std::size_t connections() const;
  void close_connections(bool force);

  bool is_stopping() const noexcept { return is_stopping_; }
  void begin_stopping() noexcept { is_stopping_ = true; }
  void stop_queues() {
    if (admissions_) admissions_->stop();
    reads_.stop();
    writes_.stop();
  }

 private:
  Application application_;
  Shares bodies_, answers_, slots_, refusal_slots_;
  std::atomic<bool> is_stopping_ = false;
  mutable std::mutex mutex_;
  std::size_t last_number_ = 0;
  struct Listed {
    Listed(Shares& slots, const std::string& client, Close how) : slot(slots, client, 1), close(std::move(how)) {}
    Shares::Part slot;
    Close close;
  };
  std::map<std::size_t, Listed> connections_;
  // Last: their threads use all of the above.
  WorkQueue reads_, writes_;
  std::optional<WorkQueue> admissions_;
};

}  // namespace struere::server
