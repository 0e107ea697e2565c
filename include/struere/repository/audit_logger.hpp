// Writes the host's own events into the audit log of one scope (SPEC 7). EventRepository reads it.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "struere/core/export.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/model/action.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

// Cheap, immutable, safe to share between threads.
class AuditLogger {
 public:
  explicit AuditLogger(Caller caller) : caller_(std::move(caller)) {}

  // Appends an event to the chain, in the actor's name; inside a unit of work it is committed with the unit. `type` is
  // two or more lower-case words joined by dots, such as `session.reminder.sent`, and none that struere writes itself.
  // `payload` is a JSON object. Throws Error: permission_denied without `create` on `events`, invalid_data for a bad
  // type or payload, not_found if the entity `about` is not in the actor's `read` view.
  EventId append(const std::string& type, const Json& payload, const std::optional<EntityId>& about = {}) const;

  // Records as `access.denied` that the host itself refused this to the actor, by a rule of its own. Denials by
  // struere are recorded without it. `resource` may be a word of the host's.
  void record_denial(Action action, const std::string& resource) const;

 private:
  Caller caller_;
};

}  // namespace struere
