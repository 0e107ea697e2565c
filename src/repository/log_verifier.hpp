// Verifies a log, in as many batches as the caller likes, and finds the first event that is not valid (SPEC 7).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/json.hpp"
#include "struere/core/scope.hpp"
#include "struere/repository/event_repository.hpp"

namespace struere {

// The events that confirm something about other events: where the log starts; the hashes of events that were made
// without a salt and whose payload was purged; and that an entity was purged (a suffix).
inline constexpr std::string_view pruned_type = "events.pruned";
inline constexpr std::string_view resealed_type = "events.resealed";
inline constexpr std::string_view purged_suffix = ".purged";  // after the slug of a type

Json pruned_payload(const ChainHead& through);

class LogVerifier {
 public:
  struct Found : Verification {
    std::int64_t sequence = 0;  // of `event`
  };

  LogVerifier(Scope scope, const ChainHead& start) : scope_(std::move(scope)), start_(start), last_(start) {
    found_.verified = found_.purged = 0;
  }

  const ChainHead& last() const noexcept { return last_; }

  // Takes the next event as stored. Returns false once an event is not valid; later events are not checked.
  bool take(const EventRecord& event);

  // Call this after the last event. `start` and `head` are the storage's current start and head of the log. Tells all,
  // as to a system actor.
  Found result(const ChainHead& start, const ChainHead& head) const;

 private:
  struct Event {
    std::int64_t sequence = 0;
    EventId id;
  };

  bool fail(std::string problem, const EventRecord* event = nullptr);
  bool is_sound(const EventRecord& event);
  void confirm(const EventRecord& event);

  Scope scope_;
  ChainHead start_;
  ChainHead last_;
  Found found_;
  Json pruned_;
  std::map<std::string, std::pair<std::string, Event>> unsealed_;  // by sequence: the hash that a later event must
                                                                   // confirm
  std::map<std::string, Event> unpurged_;  // by entity: the first of its events without a payload
};

}  // namespace struere
