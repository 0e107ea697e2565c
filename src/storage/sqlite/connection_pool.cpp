#include "storage/sqlite/connection_pool.hpp"

#include <utility>

namespace struere {

ConnectionPool::ConnectionPool(std::function<std::unique_ptr<Connection>()> open, std::size_t most_idle)
    : open_(std::move(open)), most_idle_(most_idle) {
  idle_.reserve(most_idle_);  // so that returning a connection allocates no memory
}

ConnectionLease ConnectionPool::lease() {
  const auto take_back = [this](Connection* returned) { give_back(std::unique_ptr<Connection>(returned)); };
  ConnectionLease lease(nullptr, take_back);
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      lease.reset(idle_.back().release());
      idle_.pop_back();
    }
  }
  if (!lease) lease.reset(open_().release());
  return lease;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) noexcept {
  if (!connection->settle()) return;
  const MutexLock lock(mutex_);
  if (idle_.size() < most_idle_) idle_.push_back(std::move(connection));
}

std::size_t ConnectionPool::idle() {
  const MutexLock lock(mutex_);
  return idle_.size();
}

}  // namespace struere
