// The only code that writes events (SPEC 7).
#pragma once

#include <optional>
#include <string>

#include "struere/core/clock.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/event.hpp"
#include "struere/spi/transaction.hpp"

namespace struere {

class EventAppender {
 public:
  EventAppender(Transaction& transaction, const ActorContext& actor, IdSource& ids, Timestamp now)
      : transaction_(transaction), actor_(actor), ids_(ids), now_(now) {}

  // `payload` is a canonical JSON object. The event is stored if and only if the transaction commits.
  EventId append(const std::string& type, std::string payload, const std::optional<std::string>& entity = {},
                 const std::optional<std::string>& other_end = {});

 private:
  Transaction& transaction_;
  const ActorContext& actor_;
  IdSource& ids_;
  Timestamp now_;
};

}  // namespace struere
