// Triggers: what is to be done when an entity was written, and the runs that do it (docs/guide.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace struere {

struct Trigger {
  std::string id;
  std::string slug;
  std::string entity_type;
  Json definition;  // as written
  Timestamp created_at = 0;
  Timestamp updated_at = 0;
};

enum class TriggerRunStatus {
  pending,  // waits until it is due: for the first time, or again after a failure
  running,  // a worker has it; until `due_at`, then another one takes it over
  completed,
  dead,       // failed as often as it may
  cancelled,  // another write of the same entity took its place (`cancelPrevious`)
};

std::string_view to_string(TriggerRunStatus status) noexcept;

struct TriggerRun {
  TriggerRunId id;
  std::string trigger;  // its slug
  Json definition;      // of the trigger, as it was when the entity was written
  EntityId entity;
  Json input;  // what templates call `trigger`
  TriggerRunStatus status = TriggerRunStatus::pending;
  Timestamp due_at = 0;
  std::int64_t attempts = 0;
  Json steps = Json::array();        // the results of the steps that were completed, in order
  std::optional<std::string> error;  // of the last attempt that failed
  std::int64_t depth = 0;            // how many triggers led to it: 1 for what a caller's write set off
  std::optional<std::string> worker;
  Timestamp created_at = 0;
  std::optional<Timestamp> finished_at;
};

// How many runs one write of a caller has set off through other runs, as long as they may set off more.
struct TriggerCascade {
  std::string origin;  // the id of the first run that the write set off
  std::int64_t runs = 0;
  Timestamp created_at = 0;
};

}  // namespace struere
