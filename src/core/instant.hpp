// Times and durations in the form in which definitions write them.
#pragma once

#include <optional>
#include <string_view>

#include "core/companion.hpp"
#include "struere/core/clock.hpp"

namespace STRUERE_COMPANION_API struere {

// Parses a time of RFC 3339, such as 2026-04-17T17:00:00Z or 2026-04-17T19:00:00.5+02:00.
std::optional<Timestamp> parse_instant(std::string_view text);

// Parses a whole number with a unit, such as 500ms, 30s, 15m, 24h, 7d or -1h, to milliseconds; at most ten years.
std::optional<Timestamp> parse_duration(std::string_view text);

// Days since the Unix epoch in UTC; negative before it.
std::int64_t day_of(Timestamp time) noexcept;

}  // namespace struere
