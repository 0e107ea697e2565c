// Which parts of a log can hold the events of a query.
#pragma once

#include <cstdint>
#include <vector>

#include "struere/query/event_selection.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

// The events after the sequence `after`, up to and including `through`.
struct EventSpan {
  std::int64_t after = 0, through = 0;
};

struct LogSpans {
  std::vector<EventSpan> spans;
  ChainHead head;  // of the log
};

// In the order of the selection. Times never run backwards (SPEC 7), so `since` and `until` are found by a search, and
// no event outside of them is read. Only a log that began before that rule may have a part at its start that is read
// whole (LogDisorder). With an `entity`, one span: its own index leads to its events.
LogSpans spans_of(Transaction& transaction, const EventSelection& selection);

}  // namespace struere
