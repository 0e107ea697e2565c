#include "struere/repository/event_repository.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/digest.hpp"
#include "repository/event_writer.hpp"

namespace struere {
namespace {

bool is_sound(const EventHash& previous, const Scope& scope, const EventRecord& event) {
  try {
    return chained_hash(previous, scope, event) == event.hash;
  } catch (const std::invalid_argument&) {  // a text in it that nobody could have written through the library
    return false;
  }
}

std::string question_of(const EventQuery& query) {
  Json question{{"entity", query.entity ? Json(query.entity->str()) : Json(nullptr)},
                {"type", query.type ? Json(*query.type) : Json(nullptr)}};
  JsonFault fault;
  const auto text = canonical_json(question, fault);
  if (!text) throw Error(ErrorCode::invalid_query, "`entity` and `type` are valid UTF-8: " + fault.message);
  return "events/" + *text;
}

}  // namespace

EventPage EventRepository::list(const EventQuery& query) const {
  return guarded(*engine_, actor_, Access::read, {"read", "events"}, [&](GuardedOperation& operation) {
    if (query.limit < 1 || query.limit > 1000) throw Error(ErrorCode::invalid_query, "`limit` is from 1 to 1000");
    const std::string question = question_of(query);
    const CursorKey& key = engine_->storage->cursor_key();
    EventSelection selection;
    if (query.after) {
      const auto position = decode_cursor(key, actor_.scope(), question, *query.after);
      if (!position)
        throw Error(ErrorCode::invalid_cursor,
                    "this cursor belongs to another query or scope; start again without one");
      selection.after = std::stoll(position->at(0));
    }
    for (const EntityType& type : operation.rules().types()) {
      const auto plan = operation.plan(Action::read, type.slug);
      if (!plan->grants()->empty()) selection.types.push_back({type.key, plan->grants()});
    }
    selection.others = decide(operation.rules(), actor_, Action::read, "events").allowed();
    selection.actor = operation.values();
    if (query.entity) selection.entity = query.entity->str();
    selection.type = query.type;
    selection.limit = query.limit + 1;
    EventPage page;
    for (EventRecord& record : operation.transaction().select_events(selection)) {
      if (static_cast<std::int64_t>(page.events.size()) == query.limit) {
        page.next = encode_cursor(key, actor_.scope(), question, {std::to_string(selection.after)});
        break;
      }
      selection.after = record.sequence;
      page.events.emplace_back(std::move(record));
    }
    return page;
  });
}

EventId EventRepository::emit(const std::string& type, const Json& payload,
                              const std::optional<EntityId>& about) const {
  return guarded(*engine_, actor_, Access::write, {"create", "events"}, [&](GuardedOperation& operation) {
    const EventId id = emit_event(operation, type, payload, about);
    operation.commit();
    return id;
  });
}

Verification EventRepository::verify() const {
  return guarded(*engine_, actor_, Access::read, {"read", "events"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "events");
    Verification out;
    EventHash previous{};
    const auto fail = [&](std::string problem) {
      out.ok = false;
      out.problem = std::move(problem);
      return false;
    };
    operation.transaction().replay_events([&](const EventRecord& event) {
      const std::string expected = std::to_string(out.verified + 1);
      if (event.sequence != out.verified + 1) {
        if (event.sequence > out.verified) return fail("event " + expected + " was removed");
        out.event = event.id;
        return fail("an event was inserted before event " + expected);
      }
      if (!is_sound(previous, actor_.scope(), event)) {
        out.event = event.id;
        return fail("event " + expected +
                    " was altered, inserted or moved: its hash is not that of its content and of the event before it");
      }
      previous = event.hash;
      ++out.verified;
      return true;
    });
    const ChainHead head = operation.transaction().chain_head();
    if (out.ok && (head.sequence != out.verified || head.hash != previous))
      fail(head.sequence > out.verified
               ? "event " + std::to_string(out.verified + 1) + " was removed, from the end of the log"
               : "the log does not end where the database says it ends");
    if (out.verified > 0) out.head = to_hex(previous);
    return out;
  });
}

}  // namespace struere
