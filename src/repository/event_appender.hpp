// The only code that writes events (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "repository/write_work.hpp"
#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/event.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class EventAppender {
 public:
  EventAppender(Transaction& transaction, const ActorContext& actor, IdSource& ids, Timestamp now,
                WriteWork* work = nullptr)
      : transaction_(transaction), actor_(actor), ids_(ids), now_(now), work_(work) {}

  // `payload` is a canonical JSON object. The event is stored if and only if the transaction commits.
  // Throws Error{invalid_data} if the payloads of the write become more than most_event_bytes.
  EventId append(const std::string& type, std::string payload, const std::optional<std::string>& entity = {},
                 const std::optional<std::string>& other_end = {});

 private:
  Transaction& transaction_;
  const ActorContext& actor_;
  IdSource& ids_;
  Timestamp now_;
  WriteWork* work_;  // null for what the library itself records
};

}  // namespace struere
