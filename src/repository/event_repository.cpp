#include "struere/repository/event_repository.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "core/deadline.hpp"
#include "core/digest.hpp"
#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "repository/entity_reader.hpp"
#include "repository/event_spans.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/log_verifier.hpp"

namespace struere {
namespace {

constexpr int events_at_once = 1000;  // read or removed in one transaction

// One page examines no more (docs/limits.md), unless what it leaves out would show how many events are hidden.
constexpr std::int64_t most_examined_events = 20'000;

std::string question_of(const EventQuery& query) {
  const auto shown = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  const Json question{{"entity", query.entity ? Json(query.entity->str()) : Json(nullptr)},
                      {"type", shown(query.type)},
                      {"typePrefix", shown(query.type_prefix)},
                      {"actor", shown(query.actor)},
                      {"since", shown(query.since)},
                      {"until", shown(query.until)},
                      {"newestFirst", query.newest_first}};
  JsonFault fault;
  const auto text = canonical_json(question, fault);
  if (!text) throw Error(ErrorCode::invalid_query, "the filters of events must be valid UTF-8: " + fault.message);
  return "events/" + *text;
}

// A cursor is as long for the first event as for the last: its length tells no number.
std::string position_of(std::int64_t sequence) { return fmt::format("{:020}", sequence); }
std::string mark_of(const Digest& hash) { return to_hex(hash).substr(0, 16); }

// Another text each time, so that two of them do not tell whether anything happened between them.
std::string end_cursor(const Digest& key, const Scope& scope, const EventQuery& query, const ChainHead& head) {
  return encode_cursor(key, scope, question_of(query),
                       {position_of(head.sequence), mark_of(head.hash), fmt::format("{:016x}", random_number())});
}

struct EventRows {
  std::vector<Event> events;
  bool more = false;
  std::optional<std::string> end;  // the cursor of the last event, or of the last one that was examined
  std::optional<Timestamp>
      searched_to;                // if the page ended at the last one that it may examine: the time of that event
  std::int64_t scanned = 0;       // later answers hold no event up to this sequence
  std::optional<ChainHead> head;  // of the log, if it was read to its end
};

// Adds the events of one span; false once the page is full. `last` is the last event that was added.
bool add_events(GuardedOperation& operation, EventSelection& selection, const EventSpan& span, std::int64_t limit,
                EventRows& out, std::size_t& bytes, ChainHead& last) {
  selection.after = span.after;
  selection.before = span.through + 1;
  selection.limit = limit - static_cast<std::int64_t>(out.events.size()) + 1;
  selection.most_bytes = most_page_bytes - bytes;
  for (EventRecord& record : operation.transaction().select_events(selection)) {
    if (static_cast<std::int64_t>(out.events.size()) == limit) return false;
    bytes += record.payload.size();
    last = {record.sequence, record.hash};
    out.events.emplace_back(std::move(record));
  }
  return bytes < most_page_bytes;  // otherwise the storage ended the page at its size limit
}

// The first event from this one on; nullopt if there is none.
std::optional<EventRecord> event_from(Transaction& transaction, std::int64_t sequence) {
  std::optional<EventRecord> out;
  transaction.replay_events({.after = sequence - 1, .wanted = 1}, [&](const EventRecord& event) {
    out = event;
    return false;
  });
  return out;
}

// Everything that the actor may see.
EventSelection visible_events(GuardedOperation& operation) {
  EventSelection out;
  for (const EntityType& type : operation.rules().types()) {
    const auto plan = operation.plan(Action::read, type.slug);
    if (!plan->grants()->empty()) out.types.push_back({type.key, plan->grants()});
  }
  // A purged entity has no row that a grant could admit.
  out.purged = operation.actor().passes_policies() && !operation.actor().restriction();
  out.others = decide(operation.rules(), operation.actor(), Action::read, "events").allowed();
  out.actor = operation.values();
  return out;
}

// Forwards, what was pruned after the event of this number would be missed.
void require_not_pruned(const ChainHead& start, std::int64_t sequence) {
  if (sequence < start.sequence)
    throw Error(ErrorCode::invalid_cursor,
                "events that come after this cursor were removed (struere prune); start again without one");
}

// A cursor is of one history of the log: after a backup was restored, other events have the numbers of those that were
// lost, and whoever goes on after a lost one would miss them.
void require_same_log(Transaction& transaction, const Position& position, bool newest_first) {
  const std::int64_t sequence = std::stoll(position.at(0));
  const ChainHead start = transaction.log_start();
  if (!newest_first) require_not_pruned(start, sequence);
  if (sequence < start.sequence || sequence == 0) return;
  Digest hash = start.hash;
  if (sequence > start.sequence) {
    const auto event = event_from(transaction, sequence);
    hash = event && event->sequence == sequence ? event->hash : Digest();
  }
  if (position.size() < 2 || position[1] != mark_of(hash))
    throw Error(ErrorCode::invalid_cursor,
                "the log does not have the event of this cursor, as a backup was restored; start again without one, "
                "and read what came since the backup");
}

bool is_visible(GuardedOperation& operation, EventSelection selection, const LogVerifier::Found& found) {
  selection.after = found.sequence - 1;
  selection.before = found.sequence + 1;
  selection.limit = 1;
  try {
    const auto events = operation.transaction().select_events(selection);
    return events.size() == 1 && events.front().id == *found.event;
  } catch (const Error& error) {  // it cannot be read
    if (error.is_transient()) throw;
    return false;
  }
}

// What the actor may know of it (event_repository.hpp).
Verification shown_to_actor(GuardedOperation& operation, const LogVerifier::Found& found) {
  const EventSelection visible = visible_events(operation);
  if (visible.purged) return found;
  Verification out;
  out.ok = found.ok;
  if (found.ok) return out;
  if (found.event && is_visible(operation, visible, found)) out.event = found.event;
  out.problem = out.event ? fmt::format("the event {} was altered, inserted or moved, or its payload was removed",
                                        out.event->str())
                          : "the log was changed in a place that this actor may not see; let an org admin verify it";
  return out;
}

// Selects only events after the sequence `scanned`, which an earlier answer to the same query returned.
EventRows select_events(GuardedOperation& operation, const EventQuery& query, std::int64_t scanned) {
  require_limit(query.limit);
  const std::string question = question_of(query);
  const Scope& scope = operation.actor().scope();
  EventSelection selection = visible_events(operation);
  if (query.after) {
    const auto position = decode_cursor(operation.cursor_key(), scope, question, *query.after);
    if (!position)
      throw Error(ErrorCode::invalid_cursor, "this cursor belongs to another query or scope; start again without one");
    if (scanned == 0) require_same_log(operation.transaction(), *position, query.newest_first);
    (query.newest_first ? selection.before.emplace() : selection.after) = std::stoll(position->at(0));
  }
  if (scanned > 0) require_not_pruned(operation.transaction().log_start(), scanned);
  selection.after = std::max(selection.after, scanned);
  selection.newest_first = query.newest_first;
  if (query.entity) selection.entity = query.entity->str();
  selection.type = query.type;
  selection.type_prefix = query.type_prefix;
  selection.actor_id = query.actor;
  selection.since = query.since;
  selection.until = query.until;
  selection.interruption = interruption_of(query.timeout, query.stop);
  EventRows out{{}, false, query.after, {}, 0, {}};
  std::size_t bytes = 0;
  ChainHead last{selection.after, {}};
  // Only to an actor that sees all events a page may tell how many were examined.
  std::int64_t left =
      selection.purged && !query.entity ? most_examined_events : std::numeric_limits<std::int64_t>::max();
  bool is_cut = false;
  const LogSpans log = spans_of(operation.transaction(), selection);
  for (EventSpan span : log.spans) {
    is_cut = span.through - span.after > left;
    if (is_cut)
      (query.newest_first ? span.after : span.through) = query.newest_first ? span.through - left : span.after + left;
    left -= span.through - span.after;
    out.more = !add_events(operation, selection, span, query.limit, out, bytes, last);
    if (!out.more && is_cut) {
      out.more = true;
      const std::int64_t sequence = query.newest_first ? span.after + 1 : span.through;
      const auto event = event_from(operation.transaction(), sequence);
      last = {sequence, event ? event->hash : Digest()};
      out.searched_to = event ? event->created_at : 0;
    }
    if (out.more) break;
  }
  if (!out.events.empty() || out.more)
    out.end = encode_cursor(operation.cursor_key(), scope, question, {position_of(last.sequence), mark_of(last.hash)});
  // Unless the page is full, the storage has read the log to its end.
  out.scanned = out.more ? last.sequence : std::max(scanned, log.head.sequence);
  if (!out.more) out.head = log.head;
  return out;
}

EventRows read_events(const Caller& caller, const EventQuery& query, std::int64_t scanned = 0) {
  return guarded(caller, Access::read, {"read", "events"},
                 [&](GuardedOperation& operation) { return select_events(operation, query, scanned); });
}

// Whether denials that are not written to the log yet could be among the answers.
bool asks_for_denials(const EventQuery& query) {
  constexpr std::string_view denied = "access.denied";
  return !query.entity && (!query.type || *query.type == denied) &&
         (!query.type_prefix || denied.starts_with(*query.type_prefix));
}

}  // namespace

EventPage EventRepository::list(const EventQuery& query) const {
  if (asks_for_denials(query) && !caller_.unit() && decision_of(caller_, Action::read, "events"))
    caller_.engine().denials.write(caller_.actor().scope());
  EventRows rows = read_events(caller_, query);
  return {std::move(rows.events), rows.more ? std::move(rows.end) : std::nullopt, rows.searched_to};
}

EventSubscription EventRepository::subscribe(const EventQuery& query) const {
  check_arguments(caller_, [&] {
    if (caller_.unit())
      throw Error(ErrorCode::conflict, "a transaction sees no new events; subscribe with a session outside of it");
  });
  if (query.newest_first)
    throw Error(ErrorCode::invalid_query,
                "a subscription goes forward; leave `newest_first` out, or list() the events");
  return {caller_, query};
}

std::string EventRepository::end(const EventQuery& query) const {
  return guarded(caller_, Access::read, {"read", "events"}, [&](GuardedOperation& operation) {
    return end_cursor(operation.cursor_key(), operation.actor().scope(), query, operation.transaction().chain_head());
  });
}

EventSubscription::EventSubscription(Caller caller, EventQuery query)
    : caller_(std::move(caller)), query_(std::move(query)) {}

std::vector<Event> EventSubscription::next(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds longest_pause(50);
  const auto deadline = deadline_after(timeout);
  for (std::chrono::milliseconds pause(1);; pause = std::min(pause * 2, longest_pause)) {
    if (query_.stop.stop_requested()) return {};
    bool is_behind = false;  // the log goes on
    // If nothing was committed since the last look at the log, there is nothing new in it.
    const auto stamp = caller_.engine().storage->commit_stamp();
    EventRows rows;
    if (!stamp || stamp != seen_) {
      rows = read_events(caller_, query_, scanned_);
      query_.after = std::move(rows.end);
      scanned_ = rows.scanned;
      head_ = rows.head;
      is_behind = rows.more;
      if (!is_behind) seen_ = stamp;
    }
    const auto now = std::chrono::steady_clock::now();
    if (!rows.events.empty() || now >= deadline) return std::move(rows.events);
    if (is_behind) continue;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(pause, deadline - now));
  }
}

std::optional<std::string> EventSubscription::position() const {
  if (!head_) return query_.after;
  return end_cursor(caller_.engine().storage->cursor_key(), caller_.actor().scope(), query_, *head_);
}

Verification EventRepository::verify() const {
  // The log is read in batches, because a long read would keep the storage from removing old versions that writers
  // leave. Events that are committed meanwhile are verified too.
  std::optional<LogVerifier> verifier;
  for (;;) {
    auto found = guarded(caller_, Access::read, {"read", "events"}, [&](GuardedOperation& operation) {
      operation.require_resource(Action::read, "events");
      Transaction& transaction = operation.transaction();
      const ChainHead start = transaction.log_start();
      if (!verifier || verifier->last().sequence < start.sequence)  // it was pruned meanwhile
        verifier.emplace(caller_.actor().scope(), start);
      int taken = 0;
      transaction.replay_events({.after = verifier->last().sequence}, [&](const EventRecord& event) {
        return verifier->take(event) && ++taken < events_at_once;
      });
      if (taken == events_at_once) return std::optional<Verification>();
      return std::optional(shown_to_actor(operation, verifier->result(start, transaction.chain_head())));
    });
    if (found) return *std::move(found);
  }
}

std::int64_t EventRepository::prune(Timestamp before) const {
  const auto run = [&](Access access, auto&& body) {
    return guarded(caller_, access, {"delete", "events"}, [&](GuardedOperation& operation) {
      operation.require_admin("prune the log");
      if (caller_.actor().type() != ActorType::system)
        throw Error(ErrorCode::permission_denied, "only the system actor of the host may prune the log");
      return body(operation);
    });
  };
  // Finds the last event to prune first, in batches and without the write lock, so that writers do not wait.
  std::optional<ChainHead> through;
  for (bool is_done = false; !is_done;)
    is_done = run(Access::read, [&](GuardedOperation& operation) {
      const ChainHead start = operation.transaction().log_start();
      if (!through || through->sequence < start.sequence) through = start;
      int taken = 0;
      operation.transaction().replay_events({.after = through->sequence}, [&](const EventRecord& event) {
        if (event.created_at >= before) return false;
        through = {event.sequence, event.hash};
        return ++taken < events_at_once;
      });
      return taken < events_at_once;
    });
  const std::int64_t pruned = run(Access::write, [&](GuardedOperation& operation) {
    Transaction& transaction = operation.transaction();
    const std::int64_t count = through->sequence - transaction.log_start().sequence;
    if (count <= 0) return std::int64_t{0};
    operation.audit().append(std::string(pruned_type), canonical_json(pruned_payload(*through)));
    transaction.prune_events(*through);
    operation.commit();
    return count;
  });
  // The pruned events are no longer visible. If the process is killed here, the next call of prune() removes them.
  while (run(Access::write, [&](GuardedOperation& operation) {
           const std::int64_t removed = operation.transaction().remove_pruned_events(events_at_once);
           operation.commit();
           return removed;
         }) > 0) {
  }
  return pruned;
}

}  // namespace struere
