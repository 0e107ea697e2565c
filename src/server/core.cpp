#include "server/core.hpp"

#include <vector>

namespace struere::server {

Core::Core(Services services)
    : application_(std::move(services)),
      reads_(application_.services().options.read_threads, limits().waiting_requests,
             limits().waiting_requests_per_organization),
      writes_(application_.services().options.write_threads, limits().waiting_requests,
              limits().waiting_requests_per_organization) {}

bool Core::reserve(std::size_t bytes) noexcept {
  if (held_bytes_.fetch_add(bytes) + bytes <= limits().bodies_bytes) return true;
  held_bytes_ -= bytes;
  return false;
}

std::size_t Core::add_connection(Close close) {
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= limits().connections || is_stopping_) return 0;
  connections_.emplace(++last_number_, std::move(close));
  return last_number_;
}

void Core::remove_connection(std::size_t number) {
  const std::lock_guard lock(mutex_);
  connections_.erase(number);
}

std::size_t Core::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_.size();
}

void Core::close_connections(bool force) {
  std::vector<Close> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, close] : connections_) all.push_back(close);
  }
  for (const Close& close : all) close(force);
}

}  // namespace struere::server
