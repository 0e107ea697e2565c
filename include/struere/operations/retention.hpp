// Retention: removes what is older than an organization wants to keep from one scope, in batches, while others write.
//
//   Retention(admin).set({{Gathered::executions, std::chrono::days(90)}, {Gathered::events, std::chrono::days(365)}});
//   Retention(system).prune();   // now and then: `struere prune` does the same
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "struere/model/retention.hpp"
#include "struere/repository/session.hpp"

namespace STRUERE_API struere {

// From 1 to 36500 days. Kinds that are not named are kept for ever.
using RetentionDays = std::map<Gathered, std::chrono::days>;

// For the actor's scope. Cheap, immutable, safe to share between threads.
class Retention {
 public:
  explicit Retention(Session session) : session_(std::move(session)) {}

  // For system actors and org admins, otherwise permission_denied.
  RetentionDays get() const;
  // Replaces all of it, with an event `events.retention-set`. Throws invalid_data for days out of range.
  void set(const RetentionDays& days) const;

  // Removes what is older, and returns the number of each kind; also the counts of cascades (TriggerCascade) that began
  // 30 days ago, and the answers that Session::once kept for a day. The log still verifies. A transaction holds the
  // write lock for at most 200 records or 1000 events; if the process is killed, the next call continues. For system
  // actors only.
  std::map<Gathered, std::int64_t> prune() const;

 private:
  std::int64_t remove_old(Gathered kind, std::chrono::days days) const;

  Session session_;
};

}  // namespace struere
