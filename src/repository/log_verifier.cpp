#include "repository/log_verifier.hpp"

#include <algorithm>
#include <stdexcept>

#include "core/digest.hpp"
#include "repository/event_chain.hpp"

namespace struere {

Json pruned_payload(const ChainHead& through) {
  return {{"through", through.sequence}, {"hash", to_hex(through.hash)}};
}

bool LogVerifier::fail(std::string problem, const EventRecord* event) {
  found_.ok = false;
  found_.problem = std::move(problem);
  if (event) {
    found_.event = event->id;
    found_.sequence = event->sequence;
  }
  return false;
}

bool LogVerifier::take(const EventRecord& event) {
  if (!found_.ok) return false;
  const std::string expected = std::to_string(last_.sequence + 1);
  if (event.sequence != last_.sequence + 1) {
    if (event.sequence > last_.sequence) return fail("event " + expected + " was removed");
    return fail("an event was inserted before event " + expected, &event);
  }
  if (!is_sound(event))
    return fail("event " + expected +
                    " was altered, inserted or moved: its hash is not that of its content and of the event before it",
                &event);
  confirm(event);
  last_ = {event.sequence, event.hash};
  ++*found_.verified;
  if (event.payload_hash) ++*found_.purged;
  return true;
}

bool LogVerifier::is_sound(const EventRecord& event) {
  if (event.payload_hash && (!event.entity || event.payload != "{}")) return false;  // purge() leaves no such event
  Digest computed;
  try {
    computed = chained_hash(last_.hash, scope_, event);
  } catch (const std::invalid_argument&) {  // the event holds a text that the library never writes
    return false;
  }
  if (event.payload_hash) unpurged_.try_emplace(*event.entity, Event{event.sequence, event.id});
  if (computed == event.hash) return true;
  if (!event.payload_hash) return false;
  unsealed_[std::to_string(event.sequence)] = {to_hex(computed), {event.sequence, event.id}};
  return true;
}

void LogVerifier::confirm(const EventRecord& event) {
  if (event.type == pruned_type) pruned_ = parse_canonical_json(event.payload);
  if (event.entity && event.type.substr(std::min(event.type.find('.'), event.type.size())) == purged_suffix)
    unpurged_.erase(*event.entity);
  if (event.type != resealed_type) return;
  const Json hashes = parse_canonical_json(event.payload);
  for (const auto& [sequence, hash] : hashes.items()) {
    const auto found = unsealed_.find(sequence);
    if (found != unsealed_.end() && hash == found->second.first) unsealed_.erase(found);
  }
}

LogVerifier::Found LogVerifier::result(const ChainHead& start, const ChainHead& head) const {
  Found out = found_;
  const auto fail = [&](std::string problem) {
    out.ok = false;
    out.problem = std::move(problem);
  };
  if (out.ok && (head.sequence != last_.sequence || head.hash != last_.hash))
    fail(head.sequence > last_.sequence
             ? "event " + std::to_string(last_.sequence + 1) + " was removed, from the end of the log"
             : "the log does not end where the database says it ends");
  if (out.ok && start.sequence != 0 && pruned_ != pruned_payload(start))
    fail("the events before event " + std::to_string(start.sequence + 1) + " were removed, and not by prune()");
  if (out.ok) {
    std::optional<Event> first;
    const auto consider = [&](const Event& event) {
      if (!first || event.sequence < first->sequence) first = event;
    };
    for (const auto& [sequence, unsealed] : unsealed_) consider(unsealed.second);
    for (const auto& [entity, event] : unpurged_) consider(event);
    if (first) {
      fail("the payload of event " + std::to_string(first->sequence) + " was removed, and not by purge()");
      out.event = first->id;
      out.sequence = first->sequence;
      out.verified = first->sequence - start_.sequence - 1;
    }
  }
  out.head = out.verified > 0 ? to_hex(last_.hash) : std::string();
  return out;
}

}  // namespace struere
