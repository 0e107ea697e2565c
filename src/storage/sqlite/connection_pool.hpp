// The connections that are open and not in use.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/mutex.hpp"
#include "storage/sqlite/connection.hpp"

namespace struere {

// A connection on loan; given back when destroyed.
using ConnectionLease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

// Safe to use from many threads. Must outlive its leases.
//
// A connection that is given back in the middle of a transaction would show the next borrower an old snapshot, in which
// a revoked key is still good. So none is: whatever is open is undone when it comes back, and a connection on which
// that fails is closed.
class ConnectionPool {
 public:
  // Keeps at most `most_idle` connections open that nobody uses; there may be any number in use.
  ConnectionPool(std::function<std::unique_ptr<Connection>()> open, std::size_t most_idle);

  ConnectionLease lease();
  void give_back(std::unique_ptr<Connection> connection) noexcept;
  std::size_t idle();

 private:
  std::function<std::unique_ptr<Connection>()> open_;
  std::size_t most_idle_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ STRUERE_GUARDED_BY(mutex_);
};

}  // namespace struere
