// Triggers: what to do when an entity was written, and the runs that do it (docs/guide.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

struct Trigger {
  std::string id;
  std::string slug;
  std::string entity_type;
  Json definition;  // as written
  Timestamp created_at = 0;
  Timestamp updated_at = 0;
};

enum class TriggerRunStatus {
  pending,  // waits until it is due, for the first attempt or the next one
  running,  // a worker has it until `due_at`; then another worker may take it over
  completed,
  dead,       // all attempts failed
  cancelled,  // another write of the same entity took its place (`cancelPrevious`)
};

std::string_view to_string(TriggerRunStatus status) noexcept;

struct TriggerRun {
  TriggerRunId id;
  std::string trigger;  // its slug
  Json definition;      // of the trigger, as it was when the entity was written
  EntityId entity;
  Json input;  // the values of `{{trigger.…}}`
  TriggerRunStatus status = TriggerRunStatus::pending;
  Timestamp due_at = 0;
  std::int64_t attempts = 0;
  Json steps = Json::array();        // the results of the steps that were completed, in order
  std::optional<std::string> error;  // of the last attempt that failed
  std::int64_t depth = 0;  // 1 for a run that a write of a caller triggered, 2 for a run that such a run triggered, …
  std::optional<std::string> worker;
  Timestamp created_at = 0;
  std::optional<Timestamp> finished_at;

  // Without `definition`, `input` and `steps`, which are large: "completedSteps" is the number of the last.
  Json to_json() const;
};

// Counts the runs that one write of a caller triggered through other runs, while further ones may follow.
struct TriggerCascade {
  std::string origin;  // the id of the first run that the write triggered
  std::int64_t runs = 0;
  Timestamp created_at = 0;
};

}  // namespace struere
