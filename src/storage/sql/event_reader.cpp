#include "storage/sql/event_reader.hpp"

namespace struere {

// A hash or salt of another length reads as zeros, which no event matches.
EventRecord read_event(const ResultRow& row) {
  EventRecord event{row.integer(0),         EventId(row.string(1)), row.string(2),
                    row.optional_string(3), row.optional_string(4), row.string(5),
                    row.string(6),          row.string(7),          row.integer(8)};
  read_fixed_bytes(row.blob(9), event.hash);
  if (!row.is_null(10)) read_fixed_bytes(row.blob(10), event.salt.emplace());
  if (!row.is_null(11)) read_fixed_bytes(row.blob(11), event.payload_hash.emplace());
  if (!row.is_null(12)) event.impersonated_by = ActorName{row.string(12), row.string(13)};
  event.trace_id = row.optional_string(14);
  return event;
}

}  // namespace struere
