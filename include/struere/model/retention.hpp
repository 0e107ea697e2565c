// How long a scope keeps its records, as its organization sets it.
#pragma once

#include <chrono>
#include <string_view>

#include "struere/core/clock.hpp"

namespace STRUERE_API struere {

enum class Gathered {
  trigger_runs,  // finished runs, by the time at which they finished
  executions,
  messages,
  threads,  // by the time of their last message, with all messages
  events,
};

std::string_view to_string(Gathered kind) noexcept;

struct RetentionRule {
  Gathered kind = Gathered::events;
  std::chrono::days days{};
  Timestamp updated_at = 0;
};

}  // namespace struere
