// Writers that wait for one another anyway share one commit, and with it one sync of the disk.
//
// The first writer of a group begins a transaction of SQLite's; those that waited for their turn meanwhile write into
// the same one, each inside a savepoint of its own, and the last of them commits for all. Each is still all or nothing,
// and acknowledged only when the commit that holds it is done. A writer who is alone begins and commits as ever.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "storage/sqlite/connection.hpp"
#include "struere/core/error.hpp"

namespace struere {

// A connection on loan; given back when destroyed.
using ConnectionLease = std::unique_ptr<Connection, std::function<void(Connection*)>>;

class WriteTurn;

// Lets the threads of this process write one after another, in the order in which they came. Other processes are kept
// out by the file's own lock.
class GroupCommit {
 public:
  // `longest`: what a writer of another process, or the first of a group, waits for at most beside its own work.
  explicit GroupCommit(std::function<ConnectionLease()> lease,
                       std::chrono::milliseconds longest = std::chrono::milliseconds(10))
      : lease_(std::move(lease)), longest_(longest) {}

  // Waits for the turn. Error{storage} if it did not come in time.
  WriteTurn begin(std::chrono::milliseconds timeout);

  bool is_busy();
  std::size_t waiting();  // for their turn

 private:
  friend class WriteTurn;

  struct Group {
    ConnectionLease connection;
    std::chrono::steady_clock::time_point begun;
    std::condition_variable changed;  // its members wait here
    int members = 0;                  // that have written, and wait for the commit
    bool is_closed = false;           // nobody else is let in
    bool is_done = false;
    std::optional<Error> failure;
  };

  bool is_closed() const { return open_ && open_->is_closed; }
  void hand_on();
  void leave();
  void finish(const std::shared_ptr<Group>& group, std::optional<Error> failure);

  std::function<ConnectionLease()> lease_;
  std::chrono::milliseconds longest_;
  std::mutex mutex_;  // guards what follows; whoever writes has the group's connection to themselves
  std::deque<std::condition_variable*> waiting_;  // for their turn: one each, so that nobody wakes in vain
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
