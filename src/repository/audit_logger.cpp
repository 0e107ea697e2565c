#include "repository/audit_logger.hpp"

#include "core/digest.hpp"

namespace struere {
namespace {

void append_optional(std::string& out, const std::optional<std::string>& text) {
  if (text)
    append_json_string(out, *text);
  else
    out.append("null");
}

std::string canonical_event(const OrganizationId& organization, Environment environment, const EventRecord& event) {
  std::string out;
  out.reserve(event.payload.size() + 400);
  // The keys are in order and the payload is canonical, so this is what canonical_json would write.
  append_json_string(out.append(R"({"actorId":)"), event.actor_id);
  append_json_string(out.append(R"(,"actorType":)"), event.actor_type);
  out.append(R"(,"createdAt":)").append(std::to_string(event.created_at));
  append_optional(out.append(R"(,"entityId":)"), event.entity);
  out.append(R"(,"environment":")").append(to_string(environment)).append(R"(")");
  append_json_string(out.append(R"(,"id":)"), event.id.str());
  append_json_string(out.append(R"(,"organizationId":)"), organization.str());
  append_optional(out.append(R"(,"otherEnd":)"), event.other_end);
  out.append(R"(,"payload":)").append(event.payload);
  out.append(R"(,"sequence":)").append(std::to_string(event.sequence));
  append_json_string(out.append(R"(,"type":)"), event.type);
  return out.append("}");
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
