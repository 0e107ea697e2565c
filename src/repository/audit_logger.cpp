#include "repository/audit_logger.hpp"

#include "core/digest.hpp"

namespace struere {
namespace {

std::string quoted(const std::string& text) { return canonical_json(Json(text)); }

std::string quoted(const std::optional<std::string>& text) { return text ? quoted(*text) : "null"; }

std::string canonical_event(const OrganizationId& organization, Environment environment, const EventRecord& event) {
  std::string out;
  out.reserve(event.payload.size() + 400);
  // The keys are in order and the payload is canonical, so this is what canonical_json would write.
  out.append(R"({"actorId":)").append(quoted(event.actor_id));
  out.append(R"(,"actorType":)").append(quoted(event.actor_type));
  out.append(R"(,"createdAt":)").append(std::to_string(event.created_at));
  out.append(R"(,"entityId":)").append(quoted(event.entity));
  out.append(R"(,"environment":")").append(to_string(environment)).append(R"(")");
  out.append(R"(,"id":)").append(quoted(event.id.str()));
  out.append(R"(,"organizationId":)").append(quoted(organization.str()));
  out.append(R"(,"otherEnd":)").append(quoted(event.other_end));
  out.append(R"(,"payload":)").append(event.payload);
  out.append(R"(,"sequence":)").append(std::to_string(event.sequence));
  out.append(R"(,"type":)").append(quoted(event.type)).append("}");
  return out;
}

}  // namespace

std::string canonical_event(const Scope& scope, const EventRecord& event) {
  return canonical_event(scope.organization(), scope.environment(), event);
}

EventHash chained_hash(const EventHash& previous, const OrganizationId& organization, Environment environment,
                       const EventRecord& event) {
  return sha256(previous, canonical_event(organization, environment, event));
}

EventHash chained_hash(const EventHash& previous, const Scope& scope, const EventRecord& event) {
  return sha256(previous, canonical_event(scope, event));
}

EventId AuditLogger::append(const std::string& type, std::string payload, const std::optional<std::string>& entity,
                            const std::optional<std::string>& other_end) {
  const ChainHead head = transaction_.chain_head();
  EventRecord event;
  event.sequence = head.sequence + 1;
  event.id = EventId(ids_.next(now_));
  event.type = type;
  event.entity = entity;
  event.other_end = other_end;
  event.actor_type = to_string(actor_.type());
  event.actor_id = actor_.id();
  event.payload = std::move(payload);
  event.created_at = now_;
  event.hash = chained_hash(head.hash, actor_.scope(), event);
  transaction_.append_event(event);
  return event.id;
}

}  // namespace struere
