#include "repository/event_appender.hpp"

#include <fmt/format.h>

#include "repository/event_chain.hpp"
#include "struere/core/error.hpp"

namespace struere {

EventId EventAppender::append(const std::string& type, std::string payload, const std::optional<std::string>& entity,
                              const std::optional<std::string>& other_end) {
  if (work_ && (work_->event_bytes += payload.size()) > most_event_bytes && !work_->holds_writers)
    throw Error(ErrorCode::invalid_data,
                fmt::format("the rows of one write or transaction, before and after it, are more than {} MiB while all "
                            "writers wait; write fewer rows at a time",
                            most_event_bytes >> 20));
  const ChainHead head = transaction_.chain_head();
  EventRecord event;
  event.sequence = head.sequence + 1;
  event.id = EventId(ids_.next(now_));
  event.type = type;
  event.entity = entity;
  event.other_end = other_end;
  event.actor_type = to_string(actor_.type());
  event.actor_id = actor_.id();
  if (actor_.impersonated_by()) event.impersonated_by = *actor_.impersonated_by();
  if (actor_.trace_id()) event.trace_id = *actor_.trace_id();
  event.payload = std::move(payload);
  event.created_at = now_;
  seal_event(event, head.hash, actor_.organization(), actor_.environment());
  transaction_.append_event(event);
  return event.id;
}

}  // namespace struere
