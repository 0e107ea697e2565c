#include "struere/operations/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/authority.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/kept_answers.hpp"
#include "storage/records.hpp"
#include "triggers/trigger_cascade.hpp"

namespace struere {
namespace {

constexpr std::chrono::days most_days(36'500);
constexpr std::int64_t records_at_once = 200;

using enum RecordCondition::Comparison;

RetentionDays stored(Transaction& transaction) {
  RetentionDays out;
  for (const RetentionRule& rule : select<RetentionRule>(transaction, {RecordTable::retention}))
    out[rule.kind] = rule.days;
  return out;
}

// What one transaction removed, and changed because of that. It is the last one if both are less than records_at_once.
struct Batch {
  std::int64_t removed = 0, changed = 0;
};

// Removes up to `records_at_once` records whose `column` is before `before`.
template <class T>
Batch remove_before(Transaction& transaction, std::string_view column, Timestamp before) {
  const auto old = select<T>(transaction, {{}, {{column, less, before}}, {column, "id"}, false, {}, records_at_once});
  for (const T& record : old) transaction.remove_records(RecordOf<T>::table, {{"id", equal, record.id.str()}});
  return {std::ssize(old)};
}

// A thread is removed after its messages, and after no execution names it any more. No other writer can add one of
// these during this transaction.
Batch remove_threads(Transaction& transaction, Timestamp before) {
  Batch batch;
  std::int64_t left = records_at_once;
  const auto old = select<Thread>(transaction, {{},
                                                {{"created_at", less, before}, {"updated_at", less, before}},
                                                {"created_at", "id"},
                                                false,
                                                {},
                                                records_at_once});
  for (const Thread& thread : old) {
    const auto messages =
        select<Message>(transaction, {{}, {{"thread_id", equal, thread.id.str()}}, {"sequence"}, false, {}, left});
    for (const Message& message : messages)
      transaction.remove_records(RecordTable::messages,
                                 {{"thread_id", equal, thread.id.str()}, {"sequence", equal, message.sequence}});
    batch.removed += std::ssize(messages);
    left -= std::ssize(messages);
    if (left <= 0) break;
    const auto executions =
        select<Execution>(transaction, {{}, {{"thread_id", equal, thread.id.str()}}, {}, false, {}, left});
    for (const Execution& execution : executions)
      transaction.update_records(RecordTable::executions, {{"id", equal, execution.id.str()}},
                                 {{"thread_id", RecordValue()}});
    batch.changed += std::ssize(executions);
    left -= std::ssize(executions);
    if (left <= 0) break;
    transaction.remove_records(RecordTable::threads, {{"id", equal, thread.id.str()}});
    ++batch.removed;
    if (--left <= 0) break;
  }
  return batch;
}

Batch remove_cascades(Transaction& transaction, Timestamp before) {
  const auto old =
      select<TriggerCascade>(transaction, {{}, {{"created_at", less, before}}, {"origin"}, false, {}, records_at_once});
  for (const TriggerCascade& record : old)
    transaction.remove_records(RecordTable::trigger_cascades, {{"origin", equal, record.origin}});
  return {std::ssize(old)};
}

Batch remove_batch(Transaction& transaction, Gathered kind, Timestamp before) {
  switch (kind) {
    case Gathered::trigger_runs: return remove_before<TriggerRun>(transaction, "finished_at", before);
    case Gathered::executions: return remove_before<Execution>(transaction, "created_at", before);
    case Gathered::messages: return remove_before<Message>(transaction, "created_at", before);
    case Gathered::threads: return remove_threads(transaction, before);
    case Gathered::events: break;
  }
  return {};
}

// Calls `remove(transaction, now)` in a transaction each, until it has done with less than a batch; returns how many it
// removed.
template <class Remove>
std::int64_t in_batches(const Session& session, const Remove& remove) {
  std::int64_t removed = 0;
  for (bool is_done = false; !is_done;)
    is_done =
        guarded(session.caller(authority()), Access::write, {"delete", "retention"}, [&](GuardedOperation& operation) {
          operation.require_admin("prune a scope");
          if (session.actor().type() != ActorType::system)
            throw Error(ErrorCode::permission_denied, "only the system actor of the host may prune a scope");
          const Batch batch = remove(operation.transaction(), operation.by_clock());
          const std::int64_t done = batch.removed + batch.changed;
          if (done == 0) return true;
          operation.commit();
          removed += batch.removed;
          return done < records_at_once;
        });
  return removed;
}

}  // namespace

RetentionDays Retention::get() const {
  return guarded(session_.caller(authority()), Access::read, {"read", "retention"}, [&](GuardedOperation& operation) {
    operation.require_admin("read the retention");
    return stored(operation.transaction());
  });
}

void Retention::set(const RetentionDays& days) const {
  guarded(session_.caller(authority()), Access::write, {"update", "retention"}, [&](GuardedOperation& operation) {
    operation.require_admin("set the retention");
    Json payload = Json::object();
    Transaction& transaction = operation.transaction();
    transaction.remove_records(RecordTable::retention, {});
    for (const auto& [kind, number] : days) {
      if (kind < Gathered::trigger_runs || kind > Gathered::events)
        throw Error(ErrorCode::invalid_data, "a retention is of one of the kinds of records that Gathered names");
      if (number < std::chrono::days(1) || number > most_days)
        throw Error(ErrorCode::invalid_data, fmt::format("the retention of {} is from 1 to {} days; leave it out to "
                                                         "keep them for good",
                                                         to_string(kind), most_days.count()));
      insert(transaction, RetentionRule{kind, number, operation.now()});
      payload[std::string(to_string(kind))] = number.count();
    }
    operation.audit().append("events.retention-set", canonical_json(payload));
    operation.commit();
  });
}

std::map<Gathered, std::int64_t> Retention::prune() const {
  // Records of the library's own, which no retention names.
  in_batches(session_, [](Transaction& transaction, Timestamp now) {
    return remove_cascades(transaction, now - cascade_lifetime);
  });
  in_batches(session_, [](Transaction& transaction, Timestamp now) {
    return Batch{remove_old_answers(transaction, now, records_at_once)};
  });
  std::map<Gathered, std::int64_t> out;
  for (const auto& [kind, days] : get()) out[kind] = remove_old(kind, days);
  return out;
}

std::int64_t Retention::remove_old(Gathered kind, std::chrono::days days) const {
  Timestamp before = 0;  // read once, so that a prune ends
  const std::int64_t removed = in_batches(session_, [&](Transaction& transaction, Timestamp now) {
    if (before == 0) before = now - std::chrono::milliseconds(days).count();
    return remove_batch(transaction, kind, before);
  });
  return kind == Gathered::events ? session_.events().prune(before) : removed;
}

}  // namespace struere
