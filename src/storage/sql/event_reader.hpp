// Reads events from the columns of the log.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "core/companion.hpp"
#include "storage/sql/parameter.hpp"
#include "struere/model/event.hpp"

namespace STRUERE_COMPANION_API struere {

// The columns to read from an event with the alias `v`.
inline constexpr std::string_view event_columns =
    "v.sequence, v.id, v.type, coalesce(v.entity_id, v.purged_entity_id), "
    "coalesce(v.other_end_id, v.purged_other_end_id), v.actor_type, v.actor_id, v.payload, v.created_at, v.hash, "
    "v.salt, v.payload_hash, v.impersonated_by_type, v.impersonated_by, v.trace_id";

// The number of these columns: of the first one that a statement reads after them.
inline constexpr int after_event_columns = 15;

// Reads the event from a row that begins with these columns.
EventRecord read_event(const ResultRow& row);

// Returns false and writes nothing if `bytes` has another size. The tables check the sizes, but another program that
// writes to the file can turn this check off.
template <std::size_t size>
bool read_fixed_bytes(std::string_view bytes, std::array<unsigned char, size>& out) {
  if (bytes.size() != size) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

// The bytes of a hash or a salt, as a parameter.
template <std::size_t size>
std::string_view bytes_of(const std::array<unsigned char, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

}  // namespace struere
