// What a storage is asked for when events are listed (SPEC 7).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/model/event.hpp"
#include "struere/query/selection.hpp"

namespace struere {

// Oldest first. An event about an entity is selected iff that entity's row, as stored now and deleted or not, is of one
// of `types` and admitted by one of its grants, and likewise its other end if it has one; its payload is masked by the
// grants that admit the row (an event with another end is not masked). No grant admits a purged row: `purged` does.
struct EventSelection {
  struct TypeGrants {
    EntityTypeKey type = 0;
    std::shared_ptr<const Grants> grants;
  };

  std::vector<TypeGrants> types;
  bool others = false;  // events about no entity, too
  bool purged = false;  // a purged entity counts as admitted, and nothing of its events is masked
  ActorValues actor;

  std::optional<std::string> entity = {};
  std::optional<std::string> type = {};
  std::optional<std::string> type_prefix = {};
  std::optional<std::string> actor_id = {};
  std::optional<Timestamp> since = {};
  std::optional<Timestamp> until = {};  // exclusive
  std::int64_t after = 0;               // a sequence: only later ones
  std::int64_t limit = 1;
  // No event is added once the payloads reach this many bytes.
  std::size_t most_bytes = static_cast<std::size_t>(-1);
  Interruption interruption = {};
};

// Whether the event is one of those asked for, as far as it alone can say.
bool is_asked_for(const EventSelection& selection, const EventRecord& event);

// The payload's `data`, `changes` and `previousData` as a row's `data` would be shown under these masks, its `status`
// and `previousStatus` as a row's `status`.
std::string masked_payload(const std::string& payload, std::span<const Mask* const> masks);

}  // namespace struere
