// The query that a storage gets when events are listed (SPEC 7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/event.hpp"
#include "struere/query/selection.hpp"

namespace STRUERE_API struere {

// Oldest first unless `newest_first`. An event about an entity is selected if and only if the row of that entity, as
// stored now and deleted or not, has one of `types` and is admitted by one of its grants; the same must hold for the
// other end, if there is one. The payload is masked by the grants that admit the row (that of an event with another end
// is not). No grant admits a purged row; `purged` selects its events.
struct EventSelection {
  struct TypeGrants {
    EntityTypeKey type = 0;
    std::shared_ptr<const Grants> grants;
  };

  std::vector<TypeGrants> types;
  bool others = false;  // also select events that are about no entity
  bool purged = false;  // a purged entity counts as admitted, and its events are not masked
  ActorValues actor;

  std::optional<std::string> entity = {};
  std::optional<std::string> type = {};
  std::optional<std::string> type_prefix = {};
  std::optional<std::string> actor_id = {};
  std::optional<Timestamp> since = {};
  std::optional<Timestamp> until = {};  // exclusive
  std::int64_t after = 0;               // a sequence number: only later events
  bool newest_first = false;
  std::optional<std::int64_t> before = {};  // a sequence number: only earlier events
  std::int64_t limit = 1;
  // No event is added once the payloads reach this many bytes.
  std::size_t most_bytes = static_cast<std::size_t>(-1);
  Interruption interruption = {};
};

// Whether the event matches the selection, as far as the event alone decides.
bool is_asked_for(const EventSelection& selection, const EventRecord& event);

// Masks the `data`, `changes` and `previousData` of the payload like the `data` of a row, and its `status` and
// `previousStatus` like the status of a row.
std::string masked_payload(const std::string& payload, std::span<const Mask* const> masks);

}  // namespace struere
