#include "repository/event_spans.hpp"

#include <algorithm>

#include "storage/records.hpp"

namespace struere {

LogSpans spans_of(Transaction& transaction, const EventSelection& selection) {
  const ChainHead head = transaction.chain_head();
  const std::int64_t start = transaction.log_start().sequence, end = head.sequence;
  EventSpan asked{std::max(start, selection.after), end};
  if (selection.before) asked.through = std::min(asked.through, *selection.before - 1);
  LogSpans out{{}, head};
  const auto add = [&](std::int64_t after, std::int64_t through) {
    after = std::max(after, asked.after);
    through = std::min(through, asked.through);
    if (after < through) out.spans.push_back({after, through});
  };
  if (selection.entity || (!selection.since && !selection.until)) {
    add(start, end);
    return out;
  }
  std::int64_t ordered_after = start;
  for (const LogDisorder& disorder : select<LogDisorder>(transaction, {}))
    ordered_after = std::max(ordered_after, disorder.through);
  add(start, ordered_after);
  add(selection.since ? transaction.last_event_before(*selection.since, ordered_after) : ordered_after,
      selection.until ? transaction.last_event_before(*selection.until, ordered_after) : end);
  if (selection.newest_first) std::ranges::reverse(out.spans);
  return out;
}

}  // namespace struere
