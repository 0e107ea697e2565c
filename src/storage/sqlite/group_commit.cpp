#include "storage/sqlite/group_commit.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace struere {
namespace {

using std::chrono::milliseconds;

constexpr int most_members = 32;
constexpr int most_undone = 4;   // more failures would delay the members that wait for the commit
constexpr int rest_factor = 20;  // for each millisecond that is counted, so many pay for it
constexpr milliseconds longest_rest(2000);
constexpr milliseconds is_writing(1000);           // an owner counts as writing for this long after a write
constexpr milliseconds between_looks_at_rest(20);  // while resting: the reason for the rest can end at any time

bool is_in_transaction(Connection& connection) { return sqlite3_get_autocommit(connection.handle()) == 0; }

std::shared_ptr<const Error> storage_error(const char* message) {
  return std::make_shared<const Error>(Error(ErrorCode::storage, message).transient());
}

void roll_back(Connection& connection) noexcept {
  // If this fails, the connection is closed when it is returned to the pool.
  if (is_in_transaction(connection)) sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

// Returns false if another process holds the lock for longer than `timeout`.
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
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - now_());
    if (!begin_immediate(connection, std::max(left, milliseconds(0)))) throw_too_late();
  }
  sqlite3_busy_timeout(connection.handle(), static_cast<int>(timeout.count()));
  group->begun = now_();
  return group;
}

// Whether it is this waiter's turn. Closes the open group if it has become too old.
bool GroupCommit::lets_in(const Waiter& waiter) {
  if (writing_ || next() != &waiter) return false;
  if (!open_) return true;
  if (!open_->is_closed && now_() - open_->begun >= longest_) open_->is_closed = true;
  if (!open_->is_closed && waiter.length == WriteLength::brief) return true;
  open_->changed.notify_one();
  return false;
}

// Whether the open group takes no further member now.
bool GroupCommit::must_commit() const {
  if (open_->is_closed) return true;
  const Waiter* const following = next();
  return !following || following->length != WriteLength::brief;
}

// The first waiter that does not rest; null if there is no such waiter.
GroupCommit::Waiter* GroupCommit::next() const {
  if (paid_at_.empty()) return waiting_.empty() ? nullptr : waiting_.front();
  const auto now = now_();
  const auto found = std::ranges::find_if(
      waiting_, [&](const Waiter* waiter) STRUERE_REQUIRES(mutex_) { return !rests(*waiter, now); });
  return found == waiting_.end() ? nullptr : *found;
}

bool GroupCommit::rests(const Waiter& waiter, Clock::time_point now) const {
  const auto debt = paid_at_.find(waiter.owner);
  return debt != paid_at_.end() && now < debt->second - free_debt() && now < waiter.latest &&
         others_write(waiter.owner, now);
}

bool GroupCommit::others_write(WriteOwner owner, Clock::time_point now) const {
  const auto is_other = [&](const Waiter* waiter) { return waiter->owner != owner; };
  if (std::ranges::any_of(waiting_, is_other)) return true;
  const Use& other = latest_uses_[latest_uses_[0].owner == owner ? 1 : 0];
  return other.at != Clock::time_point() && now - other.at < is_writing;
}

// A commit takes as long as the disk needs, so three usual commits are not counted, and neither is a fifth of
// `longest_`.
void GroupCommit::note_use(const Group& group, std::optional<Clock::duration> committing) {
  if (group.owner == no_owner) return;
  const auto now = now_();
  if (latest_uses_[0].owner != group.owner) latest_uses_[1] = latest_uses_[0];
  latest_uses_[0] = {group.owner, now};
  if (committing) commits_[next_commit_++ % commits_.size()] = *committing;
  const auto known = std::min(next_commit_, commits_.size());
  const auto usual = known == 0 ? Clock::duration() : *std::min_element(commits_.begin(), commits_.begin() + known);
  const auto counted = now - group.begun - longest_ / 5 - 3 * usual;
  std::erase_if(paid_at_, [&](const auto& debt) { return debt.second <= now; });
  if (counted <= Clock::duration::zero()) return;
  const auto known_debt = paid_at_.find(group.owner);
  const bool adds_up = known_debt != paid_at_.end() && others_write(group.owner, now);
  paid_at_[group.owner] = std::min<Clock::time_point>((adds_up ? known_debt->second : now) + rest_factor * counted,
                                                      now + free_debt() + longest_rest);
  for (Waiter* const waiter : waiting_)
    if (waiter->owner == group.owner) waiter->turn.notify_one();  // from now on it must check the clock
}

// What an owner may owe before it rests: a single write of `longest_`, or several that take as long together.
GroupCommit::Clock::duration GroupCommit::free_debt() const { return rest_factor * (longest_ - longest_ / 5); }

WriteTurn GroupCommit::begin(milliseconds timeout, WriteLength length, WriteOwner owner) {
  const auto start = now_();
  const auto deadline = start + timeout;
  Waiter self{{}, length, owner, start + timeout / 2};
  MutexLock lock(mutex_);
  waiting_.push_back(&self);
  bool in_time = lets_in(self);
  while (!in_time && now_() < deadline) {
    const auto now = now_();
    const auto left = deadline - now;
    self.turn.wait_for(lock.native(), rests(self, now) ? std::min<Clock::duration>(left, between_looks_at_rest) : left);
    in_time = lets_in(self);
  }
  waiting_.erase(std::ranges::find(waiting_, &self));
  if (!in_time) {
    hand_on();  // the next waiter may be first now, or the group may be complete
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
  return {*this, std::move(group), owner, is_first, length};
}

void GroupCommit::throw_too_late() const {
  throw_storage_error(nullptr, SQLITE_BUSY, fmt::format("waiting to write to {}", file_));
}

bool GroupCommit::is_busy() {
  const MutexLock lock(mutex_);
  return writing_ || open_;
}

std::size_t GroupCommit::waiting() {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

CommitCounts GroupCommit::counts() {
  const MutexLock lock(mutex_);
  return counts_;
}

// Wakes a thread that can continue: a member that commits if the open group is complete, otherwise the next waiter.
void GroupCommit::hand_on() noexcept {
  if (writing_) return;
  if (open_ && must_commit())
    open_->changed.notify_one();
  else if (Waiter* const following = next())
    following->turn.notify_one();
}

void GroupCommit::leave(Group* undone_in) noexcept {
  const MutexLock lock(mutex_);
  writing_ = false;
  if (undone_in && ++undone_in->undone_members == most_undone) undone_in->is_closed = true;
  hand_on();
}

void GroupCommit::finish(const std::shared_ptr<Group>& group, std::shared_ptr<const Error> failure,
                         std::optional<Clock::duration> committing) noexcept {
  group->connection.reset();  // the next writer needs a connection
  group->ticket.reset();
  const MutexLock lock(mutex_);
  try {
    note_use(*group, committing);
  } catch (...) {  // no memory: this owner does not rest
  }
  if (committing && !failure) {
    ++counts_.commits;
    counts_.writes += static_cast<std::uint64_t>(group->members);
  }
  group->failure = std::move(failure);
  group->is_done = true;
  open_.reset();
  writing_ = false;
  group->changed.notify_all();
  hand_on();
}

WriteTurn::WriteTurn(WriteTurn&& other) noexcept
    : commits_(other.commits_),
      group_(std::move(other.group_)),
      owner_(other.owner_),
      begun_(other.begun_),
      is_first_(other.is_first_),
      shares_(other.shares_) {}

WriteTurn::~WriteTurn() {
  if (group_) undo();
}

void WriteTurn::note_turn() noexcept {
  const auto time = commits_->now_() - begun_;
  if (time < group_->longest_turn) return;
  group_->longest_turn = time;
  group_->owner = owner_;
}

void WriteTurn::limit(milliseconds longest) noexcept { connection().limit_write(longest, !shares_); }

void WriteTurn::undo() noexcept {
  note_turn();
  const auto group = std::move(group_);
  Connection& connection = *group->connection;
  connection.limit_write(std::nullopt);
  try {
    if (is_in_transaction(connection) && !is_first_) {
      connection.prepare("ROLLBACK TO writer").run();
      connection.prepare("RELEASE writer").run();
      return commits_->leave(group.get());
    }
  } catch (...) {  // the whole group is undone below
  }
  roll_back(connection);
  // SQLite rolls back by itself after some failures. That also undoes the members that wait for the commit.
  commits_->finish(group, group->undone, std::nullopt);
}

void WriteTurn::commit(bool at_once) {
  connection().require_time();  // the statement that was refused for it may have been one that nobody needed
  connection().limit_write(std::nullopt);
  if (!is_in_transaction(connection())) throw Error(*group_->undone);
  if (!is_first_) connection().prepare("RELEASE writer").run();
  note_turn();
  const auto group = std::move(group_);
  GroupCommit& commits = *commits_;
  MutexLock lock(commits.mutex_);
  ++group->members;
  if (at_once || group->members >= most_members || commits.now_() - group->begun >= commits.longest_)
    group->is_closed = true;
  if (!commits.must_commit()) {
    commits.writing_ = false;
    commits.hand_on();
    group->changed.wait(lock.native(), [&]() STRUERE_REQUIRES(commits.mutex_) {
      return group->is_done || (!commits.writing_ && commits.must_commit());
    });
    if (!group->is_done) commits.writing_ = true;
  }
  if (!group->is_done) {
    lock.unlock();
    std::shared_ptr<const Error> failure;
    const auto start = commits.now_();
    try {
      if (commits.before_commit_) commits.before_commit_(*group->connection);
      group->connection->prepare("COMMIT").run();
    } catch (const Error& error) {
      failure = group->unexplained;
      try {
        failure = std::make_shared<const Error>(error);
      } catch (...) {  // no memory: the members get `unexplained`
      }
    } catch (...) {
      failure = group->unexplained;
    }
    if (failure) roll_back(*group->connection);
    commits.finish(group, std::move(failure), commits.now_() - start);
  }
  if (group->failure) throw Error(*group->failure);
}

}  // namespace struere
