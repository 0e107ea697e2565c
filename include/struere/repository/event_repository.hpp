// The audit log of one scope, as one actor may see it (SPEC 7).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "struere/model/event.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

struct EventQuery {
  std::optional<EntityId> entity = {};
  std::optional<std::string> type = {};         // exactly
  std::optional<std::string> type_prefix = {};  // "session."
  std::optional<std::string> actor = {};        // its id
  std::optional<Timestamp> since = {};
  std::optional<Timestamp> until = {};    // exclusive
  bool newest_first = false;              // not for subscribe()
  std::int64_t limit = 50;                // 1 to 1000
  std::optional<std::string> after = {};  // the cursor of the page before
  // As in Query (query.hpp).
  std::optional<std::chrono::milliseconds> timeout = {};
  std::stop_token stop = {};
};

struct EventPage {
  std::vector<Event> events;  // oldest first unless `newest_first`; fewer than `limit` if their payloads reach 8 MiB
  std::optional<std::string> next;
  // Set if the page ended, maybe empty, because it had examined 20,000 events for a filter that few of them match: the
  // time of the last of these. `next` goes on after it. Only for system actors and org admins, who see all events;
  // others get the page whole.
  std::optional<Timestamp> searched_to = {};
};

// Hands out what is committed, in order, once: poll it in a thread of your own. Not safe to use from several at once.
class EventSubscription {
 public:
  EventSubscription(Caller caller, EventQuery query);

  // The events that follow those handed out before, at most `limit` of the query; waits up to `timeout` for the first.
  // They may be another process's. None when `stop` of the query is requested. Throws Error{storage}, and can be called
  // again. An event that is not visible when it is passed is not handed out later. Denials that are summed up come when
  // they are written.
  std::vector<Event> next(std::chrono::milliseconds timeout);

  // Where to go on after the events that next() handed out last, as the `after` of the same query: store it with what
  // was done about them. Nothing before the first event.
  const std::optional<std::string>& cursor() const noexcept { return query_.after; }
  // Where to go on after all that next() has looked at, events that are not visible or not asked for too: for whoever
  // waits for long, as what comes after cursor() may be pruned meanwhile. Another text each time.
  std::optional<std::string> position() const;

 private:
  Caller caller_;
  EventQuery query_;
  std::int64_t scanned_ = 0;                           // events up to here were handed out, or are not visible
  std::optional<ChainHead> head_;                      // up to which it was read; null while there is more
  std::optional<std::array<std::uint32_t, 12>> seen_;  // the storage's commit stamp when it was looked at last
};

// What verify found. The head is for a host that wants to keep it elsewhere: whoever can write the whole file can write
// a whole new chain, but not one that ends in a hash that is kept out of reach.
//
// System actors and org admins get all of it. For other actors the numbers are absent, and `problem` names no event
// that the actor may not see: else they would learn how many events are hidden from them.
struct Verification {
  bool ok = true;
  std::optional<std::int64_t> verified;  // how many events are sound, from the first that there is on
  std::optional<std::int64_t> purged;    // of these, how many lack their payload because their entity was purged
  std::string problem;                   // what is wrong with the first that is not, and which it is
  std::optional<EventId> event;          // that event, if it is there to be named
  std::optional<std::string> head;       // SHA-256 of the last event, in hexadecimal; empty for an empty log
};

// Cheap, immutable, safe to share between threads.
class EventRepository {
 public:
  explicit EventRepository(Caller caller) : caller_(std::move(caller)) {}

  // Never denied: what is not visible is left out. Throws invalid_query or invalid_cursor.
  EventPage list(const EventQuery& query = {}) const;

  // From `query.after` on, or from the first event that there is. Throws invalid_query for `newest_first`.
  EventSubscription subscribe(const EventQuery& query = {}) const;

  // The cursor of the end of the log: subscribe from there to get only what is committed from now on. Each call returns
  // another text, which does not tell whether the log has grown.
  std::string end(const EventQuery& query = {}) const;

  // Recomputes the chain of the scope, in batches; needs `read` on `events`. What it tells depends on the actor.
  Verification verify() const;

  // Removes the oldest events, up to the first that is not before `before`, and answers how many. What remains
  // verifies: the hash of the last that went is kept, and confirmed by an event `events.pruned`. Takes the write lock
  // for at most 1000 events at a time. For system actors alone.
  std::int64_t prune(Timestamp before) const;

 private:
  Caller caller_;
};

}  // namespace struere
