#include "repository/denial_log.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <system_error>

#include "core/authority.hpp"
#include "core/fork_count.hpp"
#include "repository/audit_logger.hpp"

namespace struere {
namespace {

constexpr Timestamp minute = 60'000;
constexpr std::size_t most_kinds = 256;  // in a scope, by resource and id; the same number again by actor and action
                                         // only
constexpr std::size_t most_scopes = 4096;
constexpr std::size_t denials_at_once = 128;  // in one transaction; other writers wait for its end

// Whether the event at which the log was to end is in it. No other event has its hash.
bool has_event(Transaction& transaction, const ChainHead& end) {
  if (end.sequence == 0 || end.sequence > transaction.chain_head().sequence) return false;
  bool out = false;
  transaction.replay_events({.after = end.sequence - 1}, [&](const EventRecord& event) {
    out = event.sequence == end.sequence && event.hash == end.hash;
    return false;
  });
  return out;
}

}  // namespace

DenialLog::~DenialLog() {
  if (writer_.joinable()) {
    if (forks_ != fork_count()) {  // after a fork, the thread and the counts belong to the parent
      writer_.detach();
      return;
    }
    writer_.request_stop();
    writer_.join();
  }
  while (!scopes_.empty()) {
    const Scope scope = scopes_.begin()->first;
    write(scope);
    scopes_.erase(scope);  // denials that cannot be written now are lost
  }
}

void DenialLog::add(const ActorContext& actor, const Json& denial) {
  const Scope& scope = actor.scope();
  const Timestamp now = clock_.now();
  std::optional<Scope> full;
  {
    const MutexLock lock(mutex_);
    const auto known = scopes_.find(scope);
    if (known != scopes_.end() && (now >= known->second.begun + minute || known->second.kinds.size() >= 2 * most_kinds))
      full = scope;
    if (known == scopes_.end() && scopes_.size() >= most_scopes) full = scopes_.begin()->first;
  }
  if (full) write(*full);
  const MutexLock lock(mutex_);
  start_writer();
  Minute& current = scopes_[scope];
  if (current.kinds.empty()) {
    current.begun = now;
    current.due = std::chrono::steady_clock::now() + std::chrono::milliseconds(minute);
    changed_.notify_one();
  }
  const ActorName* const by = actor.impersonated_by();
  Kind kind{actor.type(), actor.id(), canonical_json(denial), by ? by->type + " " + by->id : std::string()};
  Json told = denial;
  if (current.kinds.size() >= most_kinds && !current.kinds.contains(kind)) {
    told = Json{{"action", denial.at("action")}, {"resource", nullptr}};
    std::get<2>(kind) = canonical_json(told);
  }
  // A sum is of many requests, and of no one's trace.
  // The storage accepts no writes and the scope is full, so this denial is lost.
  if (current.kinds.size() >= 2 * most_kinds && !current.kinds.contains(kind)) return;
  const auto at =
      current.kinds.try_emplace(std::move(kind), Counted{actor.traced(authority(), nullptr), std::move(told), 0, now})
          .first;
  ++at->second.count;
}

void DenialLog::write(const Scope& scope) noexcept {
  try {
    Minute taken;
    {
      const MutexLock lock(mutex_);
      auto node = scopes_.extract(scope);
      if (node.empty()) return;
      taken = std::move(node.mapped());
    }
    try {
      append(scope, taken);
    } catch (const std::exception&) {
      put_back(scope, taken);
    }
  } catch (const std::exception&) {  // no memory is left to count in
  }
}

void DenialLog::append(const Scope& scope, Minute& minute) {
  while (!minute.kinds.empty() || !minute.attempts.empty()) {
    const auto transaction = storage_.begin(scope, Access::write);  // waits for a commit that is still being made
    const Timestamp now = std::max(clock_.now(), transaction->last_time());
    for (; !minute.attempts.empty(); minute.attempts.pop_back())
      if (!has_event(*transaction, minute.attempts.back().end)) add_counts(minute.kinds, minute.attempts.back().kinds);
    if (minute.kinds.empty()) return;
    Attempt& attempt = minute.attempts.emplace_back();
    while (!minute.kinds.empty() && attempt.kinds.size() < denials_at_once)
      attempt.kinds.insert(minute.kinds.extract(minute.kinds.begin()));
    for (const auto& [kind, counted] : attempt.kinds) {
      Json payload = counted.denial;
      payload["count"] = counted.count;
      payload["since"] = counted.since;
      EventAppender(*transaction, counted.actor, ids_, now).append("access.denied", canonical_json(payload));
    }
    attempt.end = transaction->chain_head();
    transaction->commit();
    minute.attempts.pop_back();
  }
}

void DenialLog::add_counts(Counts& to, const Counts& more) {
  for (const auto& [kind, counted] : more) {
    const auto [at, is_new] = to.try_emplace(kind, counted);
    if (is_new) continue;
    at->second.count += counted.count;
    at->second.since = std::min(at->second.since, counted.since);
  }
}

void DenialLog::put_back(const Scope& scope, const Minute& minute_before) {
  const MutexLock lock(mutex_);
  Minute& current = scopes_[scope];
  add_counts(current.kinds, minute_before.kinds);
  current.attempts.insert(current.attempts.end(), minute_before.attempts.begin(), minute_before.attempts.end());
  current.begun = clock_.now();
  current.due = std::chrono::steady_clock::now() + std::chrono::milliseconds(minute);
}

void DenialLog::start_writer() {
  if (writer_.joinable() && forks_ == fork_count()) return;
  if (writer_.joinable()) writer_.detach();
  forks_ = fork_count();
  try {
    writer_ = std::jthread([this](const std::stop_token& stop) { write_when_due(stop); });
  } catch (const std::system_error&) {  // no thread can be started: the next denial after the minute writes, or the
                                        // destructor
  }
}

void DenialLog::write_when_due(const std::stop_token& stop) {
  MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    if (scopes_.empty()) {
      changed_.wait(lock.native(), stop, [&]() STRUERE_REQUIRES(mutex_) { return !scopes_.empty(); });
      continue;
    }
    const auto next = std::ranges::min_element(scopes_, {}, [](const auto& item) { return item.second.due; });
    if (const auto due = next->second.due; due > std::chrono::steady_clock::now()) {
      changed_.wait_until(lock.native(), stop, due, [] { return false; });
      continue;
    }
    // The minute is one of the database's clock, which may be another than this machine's.
    const Timestamp passed = clock_.now() - next->second.begun;
    if (passed >= 0 && passed < minute) {
      next->second.due = std::chrono::steady_clock::now() + std::chrono::milliseconds(minute - passed);
      continue;
    }
    const Scope scope = next->first;
    lock.unlock();
    write(scope);
    lock.lock();
  }
}

}  // namespace struere
