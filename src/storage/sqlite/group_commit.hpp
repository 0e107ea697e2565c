// Writers that wait for one another anyway share one commit, and with it one sync of the disk.
//
// The first writer of a group begins a transaction of SQLite's; those that waited for their turn meanwhile write into
// the same one, each inside a savepoint of its own, and the last of them commits for all. Each is still all or nothing,
// and acknowledged only when the commit that holds it is done. A writer who is alone begins and commits as ever.
//
// A writer at work cannot be interrupted, and the finished members of its group wait for it. So:
// - Only brief writers (one row or one event) share a commit. Any other writer waits until the open group has
// committed,
//   and begins a group that no other writer joins. If it fails, only its own write is undone.
// - A group that is `longest` old takes no further member. A finished write therefore waits for its commit at most
//   `longest`, plus one brief write, plus the commit.
//
// Nobody's long writes are everybody's waiting. A write that held the file for long gives its owner a rest of twenty
// times as long, during which other owners go first; an owner is an organization. The rest counts only while others
// write, and it holds a writer back for at most half of its timeout.
//
// Which error a writer gets: a writer that fails is undone alone. If SQLite undoes the whole transaction (a full disk),
// the writer at work gets SQLite's error, and the finished members get an Error{storage} that says so. If the commit
// fails, all members get its error. A write is stored if and only if its writer got no error. After any failure, with
// an exception of any type, the next writer goes on.
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

namespace STRUERE_COMPANION_API struere {

class WriteTurn;

enum class WriteLength {
  brief,  // of one row or event, bounded: may share a commit
  any,    // begins and commits alone
};

// On whose account a write is: the hash of an organization's id, or one of these.
using WriteOwner = std::size_t;
inline constexpr WriteOwner no_owner = 0;     // never rests
inline constexpr WriteOwner key_builder = 1;  // works for all of them

// Lets the threads of this process write one after another, in the order in which they came. Other processes are kept
// out by the file's own lock, for which a group waits in `queue` with theirs.
class GroupCommit {
 public:
  using Clock = std::chrono::steady_clock;

  // `file` is named in errors; `longest`: how old a group may get and still let another writer in.
  explicit GroupCommit(std::function<ConnectionLease()> lease, std::string file = {}, WriteQueue* queue = nullptr,
                       std::chrono::milliseconds longest = std::chrono::milliseconds(10),
                       std::function<void(Connection&)> before_commit = {})
      : lease_(std::move(lease)),
        file_(std::move(file)),
        queue_(queue),
        longest_(longest),
        before_commit_(std::move(before_commit)) {}

  // Waits for the turn, and then for other processes: `timeout` in all. Error{storage} if that was not enough.
  WriteTurn begin(std::chrono::milliseconds timeout, WriteLength length, WriteOwner owner = no_owner);

  bool is_busy();
  std::size_t waiting();  // for their turn

 private:
  friend class WriteTurn;

  struct Group {
    std::optional<WriteQueue::Ticket> ticket;
    ConnectionLease connection;
    Clock::time_point begun;
    Clock::duration longest_turn{};  // of one member, and whose it was: it answers for the time of the group
    WriteOwner owner = no_owner;
    std::condition_variable changed;  // its members wait here
    int members = 0;                  // that have written, and wait for the commit
    int undone_members = 0;
    bool is_closed = false;  // nobody else is let in
    bool is_done = false;
    std::shared_ptr<const Error> failure;  // of all that waited for the commit
    // Made beforehand: there may be no memory for them when they are needed.
    std::shared_ptr<const Error> undone, unexplained;
  };
  struct Waiter {
    std::condition_variable turn;
    WriteLength length;
    WriteOwner owner;
    Clock::time_point latest;  // when it no longer lets others go first
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
  void hand_on() noexcept STRUERE_REQUIRES(mutex_);
  // `undone_in`: the group in which the writer's work was undone, if any of it is left.
  void leave(Group* undone_in = nullptr) noexcept;
  // `committing`: how long that took, if it was tried.
  void finish(const std::shared_ptr<Group>& group, std::shared_ptr<const Error> failure,
              std::optional<Clock::duration> committing) noexcept;

  std::function<ConnectionLease()> lease_;
  std::string file_;
  WriteQueue* queue_;
  std::chrono::milliseconds longest_;
  std::function<void(Connection&)> before_commit_;          // writes what goes along with whatever is committed next
  Mutex mutex_;                                             // whoever writes has the group's connection to themselves
  std::deque<Waiter*> waiting_ STRUERE_GUARDED_BY(mutex_);  // for their turn: one each, so that nobody wakes in vain
  std::map<WriteOwner, Clock::time_point> resting_ STRUERE_GUARDED_BY(mutex_);  // until when
  std::array<Use, 2> latest_uses_ STRUERE_GUARDED_BY(mutex_){};                 // of two owners, the later one first
  std::array<Clock::duration, 16> commits_ STRUERE_GUARDED_BY(mutex_){};        // how long the last commits took
  std::size_t next_commit_ STRUERE_GUARDED_BY(mutex_) = 0;
  bool writing_ STRUERE_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Group> open_ STRUERE_GUARDED_BY(mutex_);
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
  WriteTurn(GroupCommit& commits, std::shared_ptr<GroupCommit::Group> group, WriteOwner owner, bool is_first)
      : commits_(&commits), group_(std::move(group)), owner_(owner), is_first_(is_first) {}
  void undo() noexcept;
  void note_turn() noexcept;

  GroupCommit* commits_;
  std::shared_ptr<GroupCommit::Group> group_;  // null when the turn is over
  WriteOwner owner_;
  GroupCommit::Clock::time_point begun_ = GroupCommit::Clock::now();
  bool is_first_;  // its transaction is the group's: it needs no savepoint
};

}  // namespace struere
