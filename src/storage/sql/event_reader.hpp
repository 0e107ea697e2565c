// Events as they are read from the columns of the log.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "storage/sql/parameter.hpp"
#include "struere/model/event.hpp"

namespace struere {

// What is read of an event `v`.
inline constexpr std::string_view event_columns =
    "v.sequence, v.id, v.type, coalesce(v.entity_id, v.purged_entity_id), "
    "coalesce(v.other_end_id, v.purged_other_end_id), v.actor_type, v.actor_id, v.payload, v.created_at, v.hash, "
    "v.salt, v.payload_hash, v.impersonated_by_type, v.impersonated_by";

// The event in a row of these columns, whatever follows them.
EventRecord read_event(const ResultRow& row);

// False, with nothing read, if they are not as many. The tables check the lengths, but whoever writes to them can turn
// that off.
template <std::size_t size>
bool read_fixed_bytes(std::string_view bytes, std::array<unsigned char, size>& out) {
  if (bytes.size() != size) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

}  // namespace struere
