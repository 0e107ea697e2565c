// How long what a scope gathers is kept, as its organization sets it.
#pragma once

#include <cstdint>
#include <string_view>

#include "struere/core/clock.hpp"

namespace struere {

enum class Gathered {
  trigger_runs,  // that are finished, by when they were
  executions,
  messages,
  threads,  // by their last message, with all of their messages
  events,
};

std::string_view to_string(Gathered kind) noexcept;

struct RetentionRule {
  Gathered kind = Gathered::events;
  std::int64_t days = 0;
  Timestamp updated_at = 0;
};

}  // namespace struere
