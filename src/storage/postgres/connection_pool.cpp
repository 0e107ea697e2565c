#include "storage/postgres/connection_pool.hpp"

#include <utility>

#include "core/deadline.hpp"
#include "storage/postgres/server_error.hpp"
#include "struere/core/error.hpp"

namespace struere::postgres {

Lease ConnectionPool::lease() {
  Lease out(nullptr, [this](Connection* connection) { give_back(connection); });
  {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_until(lock, deadline_after(timeout_), [&] { return on_loan_ < most_; }))
      throw Error(ErrorCode::storage,
                  "all connections of the pool were in use for longer than the busy timeout; try again, or raise "
                  "PostgresOptions::most_connections")
          .transient();
    ++on_loan_;
  }
  try {
    while (!out) {
      std::unique_ptr<Connection> connection = take_idle();
      if (!connection) {
        connection = std::make_unique<Connection>(target_);
        require_same(connection->identity());
      }
      if (connection->is_usable())
        out.reset(connection.release());
      else if (connection->was_silent())
        throw_server_silent(false);  // the others would be waited for as long
    }
  } catch (...) {
    give_back(nullptr);
    throw;
  }
  return out;
}

namespace {

[[noreturn]] void throw_started_anew() {
  throw Error(ErrorCode::storage, "the server was started anew, and nothing of the transaction was kept; try again")
      .retryable();
}

}  // namespace

void ConnectionPool::require_same(const Connection::Identity& identity) {
  const std::scoped_lock lock(mutex_);
  const auto before = std::exchange(identity_, identity_ ? identity_ : identity);
  if (!before) return;
  if (before->database != identity.database)
    throw Error(ErrorCode::storage,
                "the database was removed or replaced: another one has its name now; open it again, as a new start of "
                "this program does");
  if (before->started_at == identity.started_at || identity.started_at == 0) return;
  identity_ = identity;
  if (before->started_at == 0) return;
  ++starts_;
  throw_started_anew();
}

void ConnectionPool::require_same(std::uint64_t starts) const {
  if (starts != starts_) throw_started_anew();
}

void ConnectionPool::set_citus(const Lease& own) {
  target_.is_citus = true;
  own->close();
}

std::unique_ptr<Connection> ConnectionPool::take_idle() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return nullptr;
  std::unique_ptr<Connection> out = std::move(idle_.back());
  idle_.pop_back();
  return out;
}

void ConnectionPool::give_back(Connection* connection) noexcept {
  std::unique_ptr<Connection> returned(connection);
  const std::scoped_lock lock(mutex_);
  --on_loan_;
  try {
    if (returned && returned->is_whole()) idle_.push_back(std::move(returned));
  } catch (const std::exception&) {  // no memory: it is closed
  }
  freed_.notify_one();
}

}  // namespace struere::postgres
