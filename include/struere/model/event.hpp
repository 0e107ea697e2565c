// Events: what happened, by whom, in one scope (SPEC 7).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "struere/core/clock.hpp"
#include "struere/core/digest.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/model/actor_name.hpp"

namespace STRUERE_API struere {

using EventSalt = std::array<unsigned char, 16>;  // random

// As stored.
struct EventRecord {
  std::int64_t sequence =
      0;  // from 1 in each scope; never shown, as the gaps would tell of events that are not visible
  EventId id;
  std::string type;                      // "session.created"
  std::optional<std::string> entity;     // the entity that it is about
  std::optional<std::string> other_end;  // of a link: the far entity
  std::string actor_type;
  std::string actor_id;
  std::string payload;  // canonical JSON, an object
  Timestamp created_at = 0;
  Digest hash{};  // over the hash of the event before it and this one's canonical text (docs/storage-format.md)
  std::optional<EventSalt> salt = {};  // hashed with the payload; none in events of files before version 5
  // Set once the payload was purged: the hash that it had with its salt. `payload` is then `{}`, and `salt` is gone.
  std::optional<Digest> payload_hash = {};
  std::optional<ActorName> impersonated_by = {};  // the actor that acted as this one
  std::optional<std::string> trace_id = {};       // of the request that it belongs to (Session::traced)
};

// Where the chain of a scope ends.
struct ChainHead {
  std::int64_t sequence = 0;
  Digest hash{};
};

// As one actor sees it: the payload is masked as the row would be.
class Event {
 public:
  explicit Event(EventRecord record) : record_(std::move(record)) {}

  const EventId& id() const noexcept { return record_.id; }
  const std::string& type() const noexcept { return record_.type; }
  std::optional<EntityId> entity() const {
    return record_.entity ? std::optional(EntityId(*record_.entity)) : std::nullopt;
  }
  const std::string& actor_type() const noexcept { return record_.actor_type; }
  const std::string& actor_id() const noexcept { return record_.actor_id; }
  // The actor that acted as that one (Session::impersonate); nullopt if none did.
  const std::optional<ActorName>& impersonated_by() const noexcept { return record_.impersonated_by; }
  // The trace of the request that it belongs to (Session::traced); nullopt if it has none.
  const std::optional<std::string>& trace_id() const noexcept { return record_.trace_id; }
  Timestamp created_at() const noexcept { return record_.created_at; }
  // The payload as canonical JSON text, and parsed.
  std::string json() const { return record_.payload; }
  Json payload() const { return parse_canonical_json(record_.payload); }
  // {"id", "type", "entityId", "actorType", "actorId", "createdAt", "payload"}, and where the event has them
  // "impersonatedBy" and "traceId".
  Json to_json() const;

 private:
  EventRecord record_;
};

}  // namespace struere
