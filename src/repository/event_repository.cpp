#include "struere/repository/event_repository.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "core/deadline.hpp"
#include "core/digest.hpp"
#include "query/bounds.hpp"
#include "repository/checks.hpp"
#include "repository/entity_reader.hpp"
#include "repository/event_writer.hpp"

namespace struere {
namespace {

constexpr std::string_view pruned_type = "events.pruned";

bool is_sound(const EventHash& previous, const Scope& scope, const EventRecord& event) {
  try {
    return chained_hash(previous, scope, event) == event.hash;
  } catch (const std::invalid_argument&) {  // a text in it that nobody could have written through the library
    return false;
  }
}

std::string question_of(const EventQuery& query) {
  const auto shown = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  const Json question{{"entity", query.entity ? Json(query.entity->str()) : Json(nullptr)},
                      {"type", shown(query.type)},
                      {"typePrefix", shown(query.type_prefix)},
                      {"actor", shown(query.actor)},
                      {"since", shown(query.since)},
                      {"until", shown(query.until)}};
  JsonFault fault;
  const auto text = canonical_json(question, fault);
  if (!text) throw Error(ErrorCode::invalid_query, "what events are asked for by is valid UTF-8: " + fault.message);
  return "events/" + *text;
}

struct EventRows {
  std::vector<Event> events;
  bool more = false;
  std::optional<std::string> end;  // the cursor of the last of them
};

EventRows select_events(GuardedOperation& operation, const EventQuery& query) {
  require_limit(query.limit);
  const std::string question = question_of(query);
  const Scope& scope = operation.actor().scope();
  EventSelection selection;
  if (query.after) {
    const auto position = decode_cursor(operation.cursor_key(), scope, question, *query.after);
    if (!position)
      throw Error(ErrorCode::invalid_cursor, "this cursor belongs to another query or scope; start again without one");
    selection.after = std::stoll(position->at(0));
  }
  for (const EntityType& type : operation.rules().types()) {
    const auto plan = operation.plan(Action::read, type.slug);
    if (!plan->grants()->empty()) selection.types.push_back({type.key, plan->grants()});
  }
  selection.others = decide(operation.rules(), operation.actor(), Action::read, "events").allowed();
  selection.actor = operation.values();
  if (query.entity) selection.entity = query.entity->str();
  selection.type = query.type;
  selection.type_prefix = query.type_prefix;
  selection.actor_id = query.actor;
  selection.since = query.since;
  selection.until = query.until;
  selection.limit = query.limit + 1;
  selection.most_bytes = most_page_bytes;
  selection.interruption = interruption_of(query.timeout, query.stop);
  EventRows out{{}, false, query.after};
  std::size_t bytes = 0;
  for (EventRecord& record : operation.transaction().select_events(selection)) {
    if (static_cast<std::int64_t>(out.events.size()) == query.limit) {
      out.more = true;
      break;
    }
    bytes += record.payload.size();
    out.more = bytes >= most_page_bytes;  // then the storage went no further
    selection.after = record.sequence;
    out.events.emplace_back(std::move(record));
  }
  if (!out.events.empty())
    out.end = encode_cursor(operation.cursor_key(), scope, question, {std::to_string(selection.after)});
  return out;
}

EventRows read_events(const Caller& caller, const EventQuery& query) {
  return guarded(caller, Access::read, {"read", "events"},
                 [&](GuardedOperation& operation) { return select_events(operation, query); });
}

// The payload of an event that vouches for the start of the log.
Json pruning(const ChainHead& through) { return {{"through", through.sequence}, {"hash", to_hex(through.hash)}}; }

}  // namespace

EventPage EventRepository::list(const EventQuery& query) const {
  EventRows rows = read_events(caller_, query);
  return {std::move(rows.events), rows.more ? std::move(rows.end) : std::nullopt};
}

EventSubscription EventRepository::subscribe(const EventQuery& query) const {
  if (caller_.unit())
    throw Error(ErrorCode::conflict, "a transaction sees no new events; subscribe with a session outside of it");
  return {caller_, query};
}

EventSubscription::EventSubscription(Caller caller, EventQuery query)
    : caller_(std::move(caller)), query_(std::move(query)) {}

std::vector<Event> EventSubscription::next(std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds longest_pause(50);
  const auto deadline = deadline_after(timeout);
  for (std::chrono::milliseconds pause(1);; pause = std::min(pause * 2, longest_pause)) {
    EventRows rows = read_events(caller_, query_);
    query_.after = std::move(rows.end);
    const auto now = std::chrono::steady_clock::now();
    if (!rows.events.empty() || now >= deadline) return std::move(rows.events);
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(pause, deadline - now));
  }
}

EventId EventRepository::emit(const std::string& type, const Json& payload,
                              const std::optional<EntityId>& about) const {
  return guarded(caller_, Access::brief_write, {"create", "events"}, [&](GuardedOperation& operation) {
    const EventId id = emit_event(operation, type, payload, about);
    operation.commit();
    return id;
  });
}

Verification EventRepository::verify() const {
  return guarded(caller_, Access::read, {"read", "events"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "events");
    const ChainHead start = operation.transaction().log_start();
    Verification out;
    ChainHead last = start;
    Json vouched_for;
    const auto fail = [&](std::string problem) {
      out.ok = false;
      out.problem = std::move(problem);
      return false;
    };
    operation.transaction().replay_events([&](const EventRecord& event) {
      const std::string expected = std::to_string(last.sequence + 1);
      if (event.sequence != last.sequence + 1) {
        if (event.sequence > last.sequence) return fail("event " + expected + " was removed");
        out.event = event.id;
        return fail("an event was inserted before event " + expected);
      }
      if (!is_sound(last.hash, caller_.actor().scope(), event)) {
        out.event = event.id;
        return fail("event " + expected +
                    " was altered, inserted or moved: its hash is not that of its content and of the event before it");
      }
      if (event.type == pruned_type) vouched_for = parse_canonical_json(event.payload);
      last = {event.sequence, event.hash};
      ++out.verified;
      return true;
    });
    const ChainHead head = operation.transaction().chain_head();
    if (out.ok && (head.sequence != last.sequence || head.hash != last.hash))
      fail(head.sequence > last.sequence
               ? "event " + std::to_string(last.sequence + 1) + " was removed, from the end of the log"
               : "the log does not end where the database says it ends");
    if (out.ok && start.sequence != 0 && vouched_for != pruning(start))
      fail("the events before event " + std::to_string(start.sequence + 1) + " were removed, and not by prune()");
    if (out.verified > 0) out.head = to_hex(last.hash);
    return out;
  });
}

std::int64_t EventRepository::prune(Timestamp before) const {
  return guarded(caller_, Access::write, {"delete", "events"}, [&](GuardedOperation& operation) {
    operation.require_admin("prune the log");
    if (caller_.actor().type() != ActorType::system)
      throw Error(ErrorCode::permission_denied, "the log is pruned by the host, as the system actor");
    Transaction& transaction = operation.transaction();
    const ChainHead start = transaction.log_start();
    ChainHead through = start;
    transaction.replay_events([&](const EventRecord& event) {
      if (event.created_at >= before) return false;
      through = {event.sequence, event.hash};
      return true;
    });
    if (through.sequence == start.sequence) return std::int64_t{0};
    operation.audit().append(std::string(pruned_type), canonical_json(pruning(through)));
    transaction.prune_events(through);
    operation.commit();
    return through.sequence - start.sequence;
  });
}

}  // namespace struere
