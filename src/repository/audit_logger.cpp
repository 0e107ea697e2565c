#include "repository/audit_logger.hpp"

#include <algorithm>

#include "access/reserved_words.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_type = 200;

// Whether `type` is two or more words of a-z, 0-9, _ and -, joined by dots.
bool is_event_type(const std::string& type) {
  if (type.size() > longest_type || type.find('.') == std::string::npos || type.front() == '.' || type.back() == '.')
    return false;
  return type.find("..") == std::string::npos && std::ranges::all_of(type, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

void require_event_type(const std::string& type) {
  if (!is_event_type(type))
    throw Error(ErrorCode::invalid_data,
                "an event type is two or more lower-case words joined by dots, such as session.reminder.sent");
  if (is_own_event_type(type))
    throw Error(ErrorCode::invalid_data, "struere itself writes events of this type; choose another type");
}

EventId append_host_event(GuardedOperation& operation, const std::string& type, const Json& payload,
                          const std::optional<EntityId>& about) {
  operation.require_resource(Action::create, "events");
  require_event_type(type);
  JsonFault fault;
  const auto canonical = payload.is_object() ? canonical_json(payload, fault) : std::nullopt;
  if (!canonical)
    throw Error(ErrorCode::invalid_data, payload.is_object() ? "the payload cannot be stored: " + fault.message
                                                             : "the payload is a JSON object");
  if (about && !operation.find_readable(about->str())) throw_not_found();
  return operation.audit().append(type, *canonical, about ? std::optional(about->str()) : std::nullopt);
}

EventId AuditLogger::append(const std::string& type, const Json& payload, const std::optional<EntityId>& about) const {
  return guarded(caller_, Access::brief_write, {"create", "events"}, [&](GuardedOperation& operation) {
    const EventId id = append_host_event(operation, type, payload, about);
    operation.commit();
    return id;
  });
}

void AuditLogger::record_denial(Action action, const std::string& resource) const {
  check_arguments(caller_, [&] { require_no_unit(caller_.engine()); });
  struere::record_denial(caller_.engine(), caller_.actor(), {to_string(action), resource},
                         Error(ErrorCode::permission_denied, "the host refused this"));
}

}  // namespace struere
