#include "repository/event_chain.hpp"

#include <string_view>

#include "core/digest.hpp"

namespace struere {
namespace {

void append_optional(std::string& out, const std::optional<std::string>& text) {
  if (text)
    append_json_string(out, *text);
  else
    out.append("null");
}

// The members are in order and the payload is canonical, so the result equals that of canonical_json(). `payload` is
// the member that holds the payload or its hash.
std::string canonical_event(const OrganizationId& organization, Environment environment, const EventRecord& event,
                            std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 400);
  append_json_string(out.append(R"({"actorId":)"), event.actor_id);
  append_json_string(out.append(R"(,"actorType":)"), event.actor_type);
  out.append(R"(,"createdAt":)").append(std::to_string(event.created_at));
  append_optional(out.append(R"(,"entityId":)"), event.entity);
  out.append(R"(,"environment":")").append(to_string(environment)).append(R"(")");
  append_json_string(out.append(R"(,"id":)"), event.id.str());
  if (event.impersonated_by) {
    append_json_string(out.append(R"(,"impersonatedBy":{"actorId":)"), event.impersonated_by->id);
    append_json_string(out.append(R"(,"actorType":)"), event.impersonated_by->type);
    out.append("}");
  }
  append_json_string(out.append(R"(,"organizationId":)"), organization.str());
  append_optional(out.append(R"(,"otherEnd":)"), event.other_end);
  out.append(",").append(payload);
  out.append(R"(,"sequence":)").append(std::to_string(event.sequence));
  if (event.trace_id) append_json_string(out.append(R"(,"traceId":)"), *event.trace_id);
  append_json_string(out.append(R"(,"type":)"), event.type);
  return out.append("}");
}

Digest hash_of(const Digest& previous, const OrganizationId& organization, Environment environment,
               const EventRecord& event, const Digest& payload_hash) {
  const std::string payload = R"("payloadHash":")" + to_hex(payload_hash) + R"(")";
  return sha256(previous, canonical_event(organization, environment, event, payload));
}

}  // namespace

Digest payload_digest(const EventRecord& event) {
  EventSalt salt;
  if (event.salt)
    salt = *event.salt;
  else
    random_salt(salt);
  return sha256(salt, event.payload);
}

void seal_event(EventRecord& event, const Digest& previous, const OrganizationId& organization,
                Environment environment) {
  random_salt(event.salt.emplace());
  event.hash = hash_of(previous, organization, environment, event, payload_digest(event));
}

Digest chained_hash(const Digest& previous, const Scope& scope, const EventRecord& event) {
  if (!event.salt && !event.payload_hash)
    return sha256(previous,
                  canonical_event(scope.organization(), scope.environment(), event, R"("payload":)" + event.payload));
  return resealed_hash(previous, scope, event, event.payload_hash ? *event.payload_hash : payload_digest(event));
}

Digest resealed_hash(const Digest& previous, const Scope& scope, const EventRecord& event, const Digest& payload_hash) {
  return hash_of(previous, scope.organization(), scope.environment(), event, payload_hash);
}

}  // namespace struere
