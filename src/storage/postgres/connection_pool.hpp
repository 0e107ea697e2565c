// The connections of one database: a bounded number, some of them idle.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "storage/postgres/connection.hpp"

namespace struere::postgres {

// A connection on loan; given back when destroyed.
using Lease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

// Safe to use from many threads. Must outlive its leases.
class ConnectionPool {
 public:
  ConnectionPool(Target target, std::size_t most, std::chrono::milliseconds timeout)
      : target_(std::move(target)), most_(most), timeout_(timeout) {}

  // What was found out about the database: before there are other leases than the caller's, whose connection is not
  // kept.
  void set_citus(const Lease& own);
  // Waits until one is free, and throws Error{storage} if none is for as long as the timeout; if another database has
  // the name of the one that was opened; or, to be tried again, if the server was started anew: it may be a backup, or
  // a standby that had not received all. What was known of scopes before is then known no more.
  Lease lease();
  // How often the server was started anew.
  std::uint64_t starts() const noexcept { return starts_; }
  // Throws as lease() does if that is not `starts` any more.
  void require_same(std::uint64_t starts) const;
  void require_same(const Connection::Identity& identity);

 private:
  std::unique_ptr<Connection> take_idle();
  void give_back(Connection* connection) noexcept;

  Target target_;
  std::size_t most_;
  std::chrono::milliseconds timeout_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable freed_;
  std::size_t on_loan_ = 0;
  std::optional<Connection::Identity> identity_;
  std::atomic<std::uint64_t> starts_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace struere::postgres
