#include "storage/sqlite/group_commit.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace struere {
namespace {

using std::chrono::milliseconds;

constexpr int most_members = 32;

bool is_in_transaction(Connection& connection) { return sqlite3_get_autocommit(connection.handle()) == 0; }

std::shared_ptr<const Error> storage_error(const char* message) {
  return std::make_shared<const Error>(Error(ErrorCode::storage, message).transient());
}

void roll_back(Connection& connection) noexcept {
  // A connection on which this fails is closed when it is given back.
  if (is_in_transaction(connection)) sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

// False if another process has the lock for longer than `timeout`.
bool begin_immediate(Connection& connection, milliseconds timeout) {
  sqlite3_busy_timeout(connection.handle(), static_cast<int>(timeout.count()));
  return connection.prepare("BEGIN IMMEDIATE").run_unless_busy();
}

}  // namespace

std::shared_ptr<GroupCommit::Group> GroupCommit::new_group(WriteLength length, milliseconds timeout,
                                                           Clock::time_point deadline) {
  auto group = std::make_shared<Group>();
  group->undone = storage_error("a write that shared this one's commit failed, and both were undone; try again");
  group->unexplained = storage_error("the commit failed for want of memory, and nothing was written; try again");
  group->is_closed = length != WriteLength::brief;
  group->connection = lease_();
  Connection& connection = *group->connection;
  const auto try_begin = [&] { return begin_immediate(connection, milliseconds(0)); };
  if (queue_) group->ticket.emplace(queue_->wait(deadline, try_begin));
  if (!is_in_transaction(connection)) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (!begin_immediate(connection, std::max(left, milliseconds(0)))) throw_too_late();
  }
  sqlite3_busy_timeout(connection.handle(), static_cast<int>(timeout.count()));
  group->begun = Clock::now();
  return group;
}

// Whether it is this waiter's turn. Closes a group that has become too old.
bool GroupCommit::lets_in(const Waiter& waiter) {
  if (writing_ || waiting_.front() != &waiter) return false;
  if (!open_) return true;
  if (!open_->is_closed && Clock::now() - open_->begun >= longest_) open_->is_closed = true;
  if (!open_->is_closed && waiter.length == WriteLength::brief) return true;
  open_->changed.notify_one();
  return false;
}

// Whether the open group waits for nobody else.
bool GroupCommit::must_commit() const {
  return waiting_.empty() || open_->is_closed || waiting_.front()->length != WriteLength::brief;
}

WriteTurn GroupCommit::begin(milliseconds timeout, WriteLength length) {
  Waiter self{{}, length};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  const auto deadline = Clock::now() + timeout;
  const bool in_time = self.turn.wait_until(lock, deadline, [&] { return lets_in(self); });
  waiting_.erase(std::ranges::find(waiting_, &self));
  if (!in_time) {
    hand_on();  // whoever stood behind may be first now, or a group complete
    throw_too_late();
  }
  writing_ = true;
  auto group = open_;
  lock.unlock();
  const bool is_first = group == nullptr;
  try {
    if (is_first)
      group = new_group(length, timeout, deadline);
    else
      group->connection->prepare("SAVEPOINT writer").run();
  } catch (...) {
    leave();
    throw;
  }
  lock.lock();
  open_ = group;
  return {*this, std::move(group), is_first};
}

void GroupCommit::throw_too_late() const {
  throw_storage_error(nullptr, SQLITE_BUSY, fmt::format("waiting to write to {}", file_));
}

bool GroupCommit::is_busy() {
  const std::lock_guard lock(mutex_);
  return writing_ || open_;
}

std::size_t GroupCommit::waiting() {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

// Wakes whoever can go on: the next writer, or, where there is none or none is let in, one who commits for the group.
void GroupCommit::hand_on() noexcept {
  if (writing_) return;
  if (open_ && must_commit())
    open_->changed.notify_one();
  else if (!waiting_.empty())
    waiting_.front()->turn.notify_one();
}

void GroupCommit::leave() noexcept {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  hand_on();
}

void GroupCommit::finish(const std::shared_ptr<Group>& group, std::shared_ptr<const Error> failure) noexcept {
  group->connection.reset();  // before the next writer needs one
  group->ticket.reset();
  const std::lock_guard lock(mutex_);
  group->failure = std::move(failure);
  group->is_done = true;
  open_.reset();
  writing_ = false;
  group->changed.notify_all();
  hand_on();
}

WriteTurn::WriteTurn(WriteTurn&& other) noexcept
    : commits_(other.commits_), group_(std::move(other.group_)), is_first_(other.is_first_) {}

WriteTurn::~WriteTurn() {
  if (group_) undo();
}

void WriteTurn::undo() noexcept {
  const auto group = std::move(group_);
  Connection& connection = *group->connection;
  try {
    if (is_in_transaction(connection) && !is_first_) {
      connection.prepare("ROLLBACK TO writer").run();
      connection.prepare("RELEASE writer").run();
      return commits_->leave();
    }
  } catch (...) {  // then all of the group is undone
  }
  roll_back(connection);
  // After some failures SQLite has rolled back by itself, and with this one those that wait for the commit.
  commits_->finish(group, group->undone);
}

void WriteTurn::commit(bool at_once) {
  if (!is_in_transaction(connection())) throw Error(*group_->undone);
  if (!is_first_) connection().prepare("RELEASE writer").run();
  const auto group = std::move(group_);
  GroupCommit& commits = *commits_;
  std::unique_lock lock(commits.mutex_);
  ++group->members;
  if (at_once || group->members >= most_members || GroupCommit::Clock::now() - group->begun >= commits.longest_)
    group->is_closed = true;
  if (!commits.must_commit()) {
    commits.writing_ = false;
    commits.hand_on();
    group->changed.wait(lock, [&] { return group->is_done || (!commits.writing_ && commits.must_commit()); });
    if (!group->is_done) commits.writing_ = true;
  }
  if (!group->is_done) {
    lock.unlock();
    std::shared_ptr<const Error> failure;
    try {
      if (commits.before_commit_) commits.before_commit_(*group->connection);
      group->connection->prepare("COMMIT").run();
    } catch (const Error& error) {
      failure = group->unexplained;
      try {
        failure = std::make_shared<const Error>(error);
      } catch (...) {  // no memory: they are told that
      }
    } catch (...) {
      failure = group->unexplained;
    }
    if (failure) roll_back(*group->connection);
    commits.finish(group, std::move(failure));
  }
  if (group->failure) throw Error(*group->failure);
}

}  // namespace struere
