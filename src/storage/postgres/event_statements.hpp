// The statements that read the log of a scope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/postgres/parameters.hpp"
#include "struere/query/event_selection.hpp"
#include "struere/spi/transaction.hpp"

namespace struere::postgres {

struct EventStatement {
  std::string sql;
  Parameters parameters;
};

// At most `rows` events after the sequence `after` and before the sequence `before`, in the order of the selection: no
// event that the selection asks for is left out. Whether the actor sees an event is not asked.
// Columns: event_columns, then type_key, id, data, status, created_at and updated_at of the entity, and those of the
// other end. The selection must outlive the statement.
EventStatement next_events(std::int64_t scope, const EventSelection& selection, std::int64_t after,
                           const std::optional<std::int64_t>& before, std::int64_t rows);

// At most `rows` events after the sequence `after`. Columns: event_columns.
EventStatement events_to_replay(std::int64_t scope, const EventReplay& which, std::int64_t after, std::int64_t rows);

}  // namespace struere::postgres
