// The open connections that are not in use.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "core/mutex.hpp"
#include "storage/sqlite/connection.hpp"

namespace struere {

// A borrowed connection. It returns to the pool when it is destroyed.
using ConnectionLease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

// Safe to use from many threads. Must outlive its leases.
//
// A connection returned in the middle of a transaction would show the next borrower an old snapshot, in which a
// revoked key is still valid. The pool therefore rolls back everything that is open on a returned connection, and
// closes the connection if that fails.
class ConnectionPool {
 public:
  // Keeps at most `most_idle` unused connections open. The number of connections in use is not limited.
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
