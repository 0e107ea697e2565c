// A trigger's definition, read and checked (docs/guide.md shows its shape).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/core/clock.hpp"
#include "struere/core/json.hpp"
#include "struere/query/predicate.hpp"

namespace struere {

inline constexpr Timestamp longest_backoff = 3'600'000;

enum class TriggerEvent { created, updated, deleted };

std::string_view to_string(TriggerEvent event) noexcept;

struct TriggerDefinition {
  struct Schedule {
    Timestamp delay = 0;            // after the write
    std::optional<std::string> at;  // or a placeholder: milliseconds, or RFC 3339
    Timestamp offset = 0;           // to that
    bool cancel_previous = false;   // pending runs of this trigger and entity
  };
  struct Step {
    std::string name;  // for steps.NAME
    std::string tool;
    Json arguments;
  };

  std::string slug;
  std::string entity_type;
  TriggerEvent event = TriggerEvent::created;
  Predicate condition = Predicate::always();  // of condition_fields()
  std::optional<Schedule> schedule;
  std::int64_t max_attempts = 3;
  Timestamp backoff = 1000;
  std::vector<Step> steps;
};

// Throws Error{invalid_definition} with a message that names the mistake.
TriggerDefinition read_trigger(const Json& definition);

}  // namespace struere
