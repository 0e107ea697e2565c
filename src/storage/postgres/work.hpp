// A transaction of the server, begun with its first statement, so that all of it can be one round trip.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "storage/postgres/connection_pool.hpp"

namespace struere::postgres {

// Statements that wait for others of their kind.
class Deferred {
 public:
  virtual void send() = 0;

 protected:
  ~Deferred() = default;
};

// A SELECT whose first column is never null and whose $1 is the scope, with the scope's generation as one more column.
// If it finds nothing, there is one row, null but for that. Its order is kept: for each row of the left side, of which
// there is one, a join without a condition reads the right side as it comes.
std::string rows_with_generation(std::string_view select);

// For a scope without a row in scope_heads.
[[noreturn]] void throw_no_head();

// INVARIANT: each statement on a scoped table is sent by in(), after `SET LOCAL struere.scope`, which row security
// compares with (row_security.hpp). Undone on destruction unless commit() returned.
class Work {
 public:
  enum class Kind {
    read,   // all statements see one snapshot
    write,  // each statement sees what was committed before it; the lock of a scope's head keeps others out
  };

  Work(Lease lease, Kind kind, std::chrono::milliseconds lock_timeout)
      : lease_(std::move(lease)), kind_(kind), lock_timeout_(lock_timeout) {}
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  bool is_write() const noexcept { return kind_ == Kind::write; }

  // The connection, begun and inside of the scope.
  Connection& in(std::int64_t scope);
  // The same in a scope that this transaction makes.
  Connection& in_new(std::int64_t scope, const std::string& organization);
  // The same for tables of no scope.
  Connection& anywhere();

  // Whether a reader's next statement in a scope brings the generation along, as a statement of its own: one that reads
  // rows may read it as well, which saves that.
  bool lacks_generation() const noexcept { return !is_write() && !asked_generation_ && !generation_; }
  // If lacks_generation(): runs a statement in the scope whose first row has the scope's generation in this column.
  Result run_with_generation(std::int64_t scope, std::string_view sql, const Parameters& parameters, int column);

  // The scope's generation, which the first statement of a read in a scope brought with it; nullopt if none did.
  std::optional<std::uint64_t> generation();

  // Its statements go before the next one of this transaction, and before those of who defers after it.
  void defer(Deferred& statements);
  void send_deferred();
  void forget(const Deferred& statements) noexcept {
    if (deferred_ == &statements) deferred_ = nullptr;
  }

  // Of a reader: the transaction ends along with the statements that are waited for next. generation() is still known
  // then. No effect on a writer.
  void end_with_next();
  bool has_ended() const noexcept;
  // A reader who has ended begins once more, with a snapshot of its own.
  void begin_again();

  // Makes all writes durable. Throws Error{storage}, and the message says so if they may have been kept.
  void commit();

 private:
  void enter(Connection& connection, std::int64_t scope);
  void state(Connection& connection, std::int64_t scope, const std::string& organization);

  Lease lease_;
  Kind kind_;
  std::chrono::milliseconds lock_timeout_;
  bool is_begun_ = false, has_ended_ = false, ends_with_next_ = false;
  std::optional<std::int64_t> scope_;
  std::optional<Connection::Ticket> asked_generation_;
  std::optional<std::uint64_t> generation_;
  Deferred* deferred_ = nullptr;
};

}  // namespace struere::postgres
