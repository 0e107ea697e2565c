// Lets writers that wait for one another share one commit, and with it one sync of the disk.
//
// The first writer of a group begins a transaction of SQLite. Writers that have waited for their turn meanwhile write
// into the same transaction, each inside its own savepoint, and the last of them commits for all. Each write is still
// atomic, and is acknowledged only when the commit that contains it is done. A single writer begins and commits as
// usual.
//
// A running writer cannot be interrupted, and the finished members of its group wait for it. So:
// - Only brief writers (one row or one event) share a commit. Any other writer waits until the open group has
//   committed, and begins a group that no other writer joins. If it fails, only its own write is undone.
// - A group that is `longest` old takes no further member. A finished write therefore waits for its commit at most
//   `longest`, plus one brief write, plus the commit.
//
// One owner's long writes must not make all others wait. What a write holds the file beyond a fifth of `longest` is a
// debt of its owner, which twenty times that time pays. While others write, debts add up, and an owner that owes more
// than one write of `longest` would leave rests until it owes less, but at most two seconds; other owners go first. An
// owner is an organization. A rest delays a writer by at most half of its timeout.
//
// Errors: if a writer fails, only its own write is undone. If SQLite undoes the whole transaction (a full disk), the
// running writer gets SQLite's error, and the finished members get an Error{storage} that says so. If the commit
// fails, all members get its error. A write is stored if and only if its writer got no error. After any failure, with
// an exception of any type, the next writer continues.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/companion.hpp"
#include "core/mutex.hpp"
#include "storage/sqlite/connection_pool.hpp"
#include "storage/sqlite/write_queue.hpp"
#include "struere/core/error.hpp"
#include "struere/model/database_activity.hpp"

namespace STRUERE_COMPANION_API struere {

class WriteTurn;

enum class WriteLength {
  brief,  // a bounded write of one row or one event: may share a commit
  any,    // has a transaction of its own
};

// The owner of a write: the hash of an organization's id, or one of these.
using WriteOwner = std::size_t;
inline constexpr WriteOwner no_owner = 0;     // never rests
inline constexpr WriteOwner key_builder = 1;  // works for all organizations

// Lets the threads of this process write one after another, in the order in which they came. The lock of the file
// excludes other processes; a group waits for that lock in `queue`, together with the groups of other processes.
class GroupCommit {
 public:
  using Clock = std::chrono::steady_clock;

  // Errors name `file`. A group that is older than `longest` takes no further writer. `now` is for tests, without a
  // queue.
  explicit GroupCommit(std::function<ConnectionLease()> lease, std::string file = {}, WriteQueue* queue = nullptr,
                       std::chrono::milliseconds longest = std::chrono::milliseconds(10),
                       std::function<void(Connection&)> before_commit = {},
                       std::function<Clock::time_point()> now = Clock::now)
      : lease_(std::move(lease)),
        file_(std::move(file)),
        queue_(queue),
        longest_(longest),
        before_commit_(std::move(before_commit)),
        now_(std::move(now)) {}

  // Waits for the turn and for other processes, together at most `timeout`; then throws Error{storage}.
  WriteTurn begin(std::chrono::milliseconds timeout, WriteLength length, WriteOwner owner = no_owner);

  bool is_busy();
  std::size_t waiting();  // the number of writers that wait for their turn
  CommitCounts counts();  // what was committed so far

 private:
  friend class WriteTurn;

  struct Group {
    std::optional<WriteQueue::Ticket> ticket;
    ConnectionLease connection;
    Clock::time_point begun;
    Clock::duration longest_turn{};  // of one member; `owner` is that member's owner, who accounts for the group
    WriteOwner owner = no_owner;
    std::condition_variable changed;  // the members wait on it
    int members = 0;                  // number of members that have written and wait for the commit
    int undone_members = 0;
    bool is_closed = false;  // no further member is let in
    bool is_done = false;
    std::shared_ptr<const Error> failure;  // for all members that waited for the commit
    // These are made in advance, because there may be no memory when they are needed.
    std::shared_ptr<const Error> undone, unexplained;
  };
  struct Waiter {
    std::condition_variable turn;
    WriteLength length;
    WriteOwner owner;
    Clock::time_point latest;  // from then on it does not let others go first
  };
  struct Use {
    WriteOwner owner = no_owner;
    Clock::time_point at{};
  };

  std::shared_ptr<Group> new_group(WriteLength length, std::chrono::milliseconds timeout, Clock::time_point deadline);
  [[noreturn]] void throw_too_late() const;
  bool lets_in(const Waiter& waiter) STRUERE_REQUIRES(mutex_);
  bool must_commit() const STRUERE_REQUIRES(mutex_);
  Waiter* next() const STRUERE_REQUIRES(mutex_);
  bool rests(const Waiter& waiter, Clock::time_point now) const STRUERE_REQUIRES(mutex_);
  bool others_write(WriteOwner owner, Clock::time_point now) const STRUERE_REQUIRES(mutex_);
  void note_use(const Group& group, std::optional<Clock::duration> committing) STRUERE_REQUIRES(mutex_);
  Clock::duration free_debt() const;
  void hand_on() noexcept STRUERE_REQUIRES(mutex_);
  // `undone_in`: the group in which the writer's work was undone; null if it never began.
  void leave(Group* undone_in = nullptr) noexcept;
  // `committing`: how long the commit took; nullopt if it was not tried.
  void finish(const std::shared_ptr<Group>& group, std::shared_ptr<const Error> failure,
              std::optional<Clock::duration> committing) noexcept;

  std::function<ConnectionLease()> lease_;
  std::string file_;
  WriteQueue* queue_;
  std::chrono::milliseconds longest_;
  std::function<void(Connection&)> before_commit_;  // writes more data into each commit
  std::function<Clock::time_point()> now_;
  Mutex mutex_;                                             // the running writer does not hold it
  std::deque<Waiter*> waiting_ STRUERE_GUARDED_BY(mutex_);  // for their turn; one condition for each
  std::map<WriteOwner, Clock::time_point> paid_at_ STRUERE_GUARDED_BY(mutex_);  // when an owner owes nothing any more
  std::array<Use, 2> latest_uses_ STRUERE_GUARDED_BY(mutex_){};                 // of two owners, the later use first
  std::array<Clock::duration, 16> commits_ STRUERE_GUARDED_BY(mutex_){};        // durations of the last commits
  std::size_t next_commit_ STRUERE_GUARDED_BY(mutex_) = 0;
  CommitCounts counts_ STRUERE_GUARDED_BY(mutex_);
  bool writing_ STRUERE_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Group> open_ STRUERE_GUARDED_BY(mutex_);
};

// The turn of one writer on the connection. The destructor undoes the write unless commit() has returned.
class WriteTurn {
 public:
  WriteTurn(WriteTurn&& other) noexcept;
  WriteTurn(const WriteTurn&) = delete;
  WriteTurn& operator=(const WriteTurn&) = delete;
  WriteTurn& operator=(WriteTurn&&) = delete;
  ~WriteTurn();

  Connection& connection() noexcept { return *group_->connection; }

  // From here on, its statements fail after this time. One that runs is ended only if the write shares no commit, since
  // that undoes the whole group.
  void limit(std::chrono::milliseconds longest) noexcept;

  // Returns when the write is as durable as the storage promises. Otherwise it throws and nothing of the write is
  // stored. With `at_once`, no other writer sees the write before the commit.
  void commit(bool at_once);

 private:
  friend class GroupCommit;
  WriteTurn(GroupCommit& commits, std::shared_ptr<GroupCommit::Group> group, WriteOwner owner, bool is_first,
            WriteLength length)
      : commits_(&commits),
        group_(std::move(group)),
        owner_(owner),
        begun_(commits.now_()),
        is_first_(is_first),
        shares_(length == WriteLength::brief) {}
  void undo() noexcept;
  void note_turn() noexcept;

  GroupCommit* commits_;
  std::shared_ptr<GroupCommit::Group> group_;  // null when the turn is over
  WriteOwner owner_;
  GroupCommit::Clock::time_point begun_;
  bool is_first_;  // its transaction is that of the group, so it needs no savepoint
  bool shares_;    // its commit may be that of others as well
};

}  // namespace struere
