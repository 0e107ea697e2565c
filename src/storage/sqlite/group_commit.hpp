// Writers that wait for one another anyway share one commit, and with it one sync of the disk.
//
// The first writer of a group begins a transaction of SQLite's; those that waited for their turn meanwhile write into
// the same one, each inside a savepoint of its own, and the last of them commits for all. Each is still all or nothing,
// and acknowledged only when the commit that holds it is done. A writer who is alone begins and commits as ever.
//
// A writer at work cannot be interrupted, and those that wrote before it in the group wait for it. So:
// - Only brief writers (of one row, one event) share. Any other begins a group that nobody joins, once the group before
//   it has committed: it is undone alone, and delays nobody whose write is already made.
// - A group lets nobody in once it is `longest` old. A write that is made therefore waits for its commit no longer than
//   `longest`, one brief write and the commit itself.
//
// Who is told what: a writer that fails is undone alone, and the others of its group are not affected. Where SQLite
// itself undoes the whole transaction (a full disk), the writer at work gets SQLite's error, and those that waited for
// the commit get an Error{storage} that says so; where the commit fails, all of its group get its error. Whoever gets
// an error is not stored, whoever gets none is. No failure, of whatever type, keeps the next writer out.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "storage/sqlite/connection_pool.hpp"
#include "struere/core/error.hpp"

namespace struere {

class WriteTurn;

enum class WriteLength {
  brief,  // of one row or event, bounded: may share a commit
  any,    // begins and commits alone
};

// Lets the threads of this process write one after another, in the order in which they came. Other processes are kept
// out by the file's own lock.
class GroupCommit {
 public:
  using Clock = std::chrono::steady_clock;

  // `longest`: how old a group may get and still let another writer in.
  explicit GroupCommit(std::function<ConnectionLease()> lease,
                       std::chrono::milliseconds longest = std::chrono::milliseconds(10))
      : lease_(std::move(lease)), longest_(longest) {}

  // Waits for the turn. Error{storage} if it did not come in time.
  WriteTurn begin(std::chrono::milliseconds timeout, WriteLength length);

  bool is_busy();
  std::size_t waiting();  // for their turn

 private:
  friend class WriteTurn;

  struct Group {
    ConnectionLease connection;
    Clock::time_point begun;
    std::condition_variable changed;  // its members wait here
    int members = 0;                  // that have written, and wait for the commit
    bool is_closed = false;           // nobody else is let in
    bool is_done = false;
    std::shared_ptr<const Error> failure;  // of all that waited for the commit
    // Made beforehand: there may be no memory for them when they are needed.
    std::shared_ptr<const Error> undone, unexplained;
  };
  struct Waiter {
    std::condition_variable turn;
    WriteLength length;
  };

  std::shared_ptr<Group> new_group(WriteLength length);
  bool lets_in(const Waiter& waiter);
  bool must_commit() const;
  void hand_on() noexcept;
  void leave() noexcept;
  void finish(const std::shared_ptr<Group>& group, std::shared_ptr<const Error> failure) noexcept;

  std::function<ConnectionLease()> lease_;
  std::chrono::milliseconds longest_;
  std::mutex mutex_;             // guards what follows; whoever writes has the group's connection to themselves
  std::deque<Waiter*> waiting_;  // for their turn: one each, so that nobody wakes in vain
  bool writing_ = false;
  std::shared_ptr<Group> open_;
};

// One writer's time with the connection. Undone on destruction, unless commit() returned.
class WriteTurn {
 public:
  WriteTurn(WriteTurn&& other) noexcept;
  WriteTurn(const WriteTurn&) = delete;
  WriteTurn& operator=(const WriteTurn&) = delete;
  WriteTurn& operator=(WriteTurn&&) = delete;
  ~WriteTurn();

  Connection& connection() noexcept { return *group_->connection; }

  // Returns when all that was written is as durable as the storage promises, or throws and nothing of it stays.
  // `at_once`: no other writer may see it before that.
  void commit(bool at_once);

 private:
  friend class GroupCommit;
  WriteTurn(GroupCommit& commits, std::shared_ptr<GroupCommit::Group> group, bool is_first)
      : commits_(&commits), group_(std::move(group)), is_first_(is_first) {}
  void undo() noexcept;

  GroupCommit* commits_;
  std::shared_ptr<GroupCommit::Group> group_;  // null when the turn is over
  bool is_first_;                              // its transaction is the group's: it needs no savepoint
};

}  // namespace struere
