#include "storage/sqlite/group_commit.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace struere {
namespace {

constexpr int most_members = 32;

bool is_in_transaction(Connection& connection) { return sqlite3_get_autocommit(connection.handle()) == 0; }

Error group_failed() {
  return Error(ErrorCode::storage, "a write that shared this one's commit failed, and both were undone; try again");
}

}  // namespace

WriteTurn GroupCommit::begin(std::chrono::milliseconds timeout) {
  std::condition_variable turn;
  std::unique_lock lock(mutex_);
  waiting_.push_back(&turn);
  const bool in_time =
      turn.wait_for(lock, timeout, [&] { return !writing_ && !is_closed() && waiting_.front() == &turn; });
  waiting_.erase(std::ranges::find(waiting_, &turn));
  if (!in_time) {
    hand_on();  // whoever stood behind may be first now, or a group complete
    throw_storage_error(nullptr, SQLITE_BUSY, "waiting to write");
  }
  writing_ = true;
  auto group = open_;
  lock.unlock();
  const bool is_first = group == nullptr;
  try {
    if (is_first) {
      group = std::make_shared<Group>();
      group->connection = lease_();
      group->connection->prepare("BEGIN IMMEDIATE").run();
      group->begun = std::chrono::steady_clock::now();
    } else {
      group->connection->prepare("SAVEPOINT writer").run();
    }
  } catch (...) {
    leave();
    throw;
  }
  lock.lock();
  open_ = group;
  return {*this, std::move(group), is_first};
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
void GroupCommit::hand_on() {
  if (writing_) return;
  if (open_ && (waiting_.empty() || open_->is_closed))
    open_->changed.notify_one();
  else if (!waiting_.empty())
    waiting_.front()->notify_one();
}

void GroupCommit::leave() {
  const std::lock_guard lock(mutex_);
  writing_ = false;
  hand_on();
}

void GroupCommit::finish(const std::shared_ptr<Group>& group, std::optional<Error> failure) {
  group->connection.reset();  // before the next writer needs one
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
    if (is_in_transaction(connection)) connection.prepare("ROLLBACK").run();
  } catch (const std::exception&) {  // nothing of the transaction stays when the connection is used again, or closed
    sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  // After some failures SQLite has rolled back by itself, and with this one those that wait for the commit.
  commits_->finish(group, group_failed());
}

void WriteTurn::commit(bool at_once) {
  if (!is_in_transaction(connection())) throw group_failed();
  if (!is_first_) connection().prepare("RELEASE writer").run();
  const auto group = std::move(group_);
  GroupCommit& commits = *commits_;
  std::unique_lock lock(commits.mutex_);
  ++group->members;
  group->is_closed =
      at_once || group->members >= most_members || std::chrono::steady_clock::now() - group->begun >= commits.longest_;
  const auto is_complete = [&] { return commits.waiting_.empty() || group->is_closed; };
  if (!is_complete()) {
    commits.writing_ = false;
    commits.hand_on();
    group->changed.wait(lock, [&] { return group->is_done || (!commits.writing_ && is_complete()); });
    if (!group->is_done) commits.writing_ = true;
  }
  if (!group->is_done) {
    lock.unlock();
    std::optional<Error> failure;
    try {
      group->connection->prepare("COMMIT").run();
    } catch (const Error& error) {
      failure = error;
      if (is_in_transaction(*group->connection))
        sqlite3_exec(group->connection->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
    commits.finish(group, std::move(failure));
  }
  if (group->failure) throw Error(*group->failure);
}

}  // namespace struere
