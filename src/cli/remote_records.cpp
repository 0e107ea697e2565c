// Records of the library, from the JSON of a server: agents, threads, executions, operators, findings.
#include "cli/remote_json.hpp"

namespace struere::cli {
namespace {

template <class Id>
std::optional<Id> id_in(const Json& json, const char* name) {
  const auto text = text_in(json, name);
  return text ? std::optional(Id(*text)) : std::nullopt;
}

}  // namespace

Agent agent_of(const Json& json) {
  Agent out;
  out.id = AgentId(json.at("id").get<std::string>());
  out.slug = json.at("slug");
  out.name = json.at("name");
  out.description = json.at("description");
  out.created_at = json.at("createdAt");
  out.updated_at = json.at("updatedAt");
  return out;
}

AgentConfig agent_config_of(const Json& json) {
  AgentConfig out;
  out.agent = AgentId(json.at("agentId").get<std::string>());
  out.version = json.at("version");
  out.system_prompt = json.at("systemPrompt");
  out.model = json.at("model");
  out.tools = json.at("tools").get<std::vector<std::string>>();
  out.roles = json.at("roles").get<std::vector<std::string>>();
  out.status = value_of(json.at("status"), std::array{AgentStatus::active, AgentStatus::inactive});
  out.created_by = json.at("createdBy");
  out.created_at = json.at("createdAt");
  return out;
}

Thread thread_of(const Json& json) {
  Thread out;
  out.id = ThreadId(json.at("id").get<std::string>());
  out.external_id = text_in(json, "externalId");
  out.agent = id_in<AgentId>(json, "agentId");
  out.title = json.at("title");
  out.metadata = json.at("metadata");
  out.started_by_type = json.at("startedByType");
  out.started_by = json.at("startedBy");
  out.message_count = json.at("messages");
  out.created_at = json.at("createdAt");
  out.updated_at = json.at("updatedAt");
  return out;
}

Message message_of(const Json& json) {
  Message out;
  out.id = MessageId(json.at("id").get<std::string>());
  out.thread = ThreadId(json.at("threadId").get<std::string>());
  out.sequence = json.at("sequence");
  out.role = value_of(json.at("role"),
                      std::array{MessageRole::user, MessageRole::assistant, MessageRole::system, MessageRole::tool});
  out.content = json.at("content");
  out.tool_calls = json.at("toolCalls");
  out.tool_call_id = text_in(json, "toolCallId");
  out.attachments = json.at("attachments");
  out.created_at = json.at("createdAt");
  return out;
}

Execution execution_of(const Json& json) {
  Execution out;
  out.id = ExecutionId(json.at("id").get<std::string>());
  out.agent = id_in<AgentId>(json, "agentId");
  if (json.at("configVersion").is_number_integer()) out.config_version = json.at("configVersion").get<std::int64_t>();
  out.thread = id_in<ThreadId>(json, "threadId");
  out.model = json.at("model");
  out.status = value_of(json.at("status"),
                        std::array{ExecutionStatus::completed, ExecutionStatus::failed, ExecutionStatus::cancelled});
  out.error = text_in(json, "error");
  out.input_tokens = json.at("inputTokens");
  out.output_tokens = json.at("outputTokens");
  out.duration = std::chrono::milliseconds(json.at("durationMs").get<std::int64_t>());
  out.tool_calls = json.at("toolCalls");
  out.actor_type = json.at("actorType");
  out.actor_id = json.at("actorId");
  out.created_at = json.at("createdAt");
  return out;
}

OperatorSession operator_session_of(const Json& json) {
  OperatorSession out;
  out.id = OperatorSessionId(json.at("id").get<std::string>());
  out.user = UserId(json.at("user").get<std::string>());
  out.kind = value_of(json.at("kind"), std::array{OperatorSessionKind::invitation, OperatorSessionKind::session});
  out.created_at = json.at("createdAt");
  out.last_seen_at = json.at("lastSeenAt");
  out.expires_at = json.at("expiresAt");
  return out;
}

Finding finding_of(const Json& json) {
  using enum Finding::Check;
  Finding out;
  out.severity = value_of(json.at("severity"), std::array{Severity::note, Severity::warning, Severity::error});
  out.check = value_of(json.at("check"), std::array{storage,
                                                    chain,
                                                    time_ahead,
                                                    key_expired,
                                                    key_expires_soon,
                                                    key_unused,
                                                    key_grants_nothing,
                                                    key_ended,
                                                    role_broken,
                                                    role_grants_nothing,
                                                    masked_field_shown,
                                                    unknown_type,
                                                    schema_refused,
                                                    unknown_role,
                                                    reserved_slug,
                                                    rule_without_index,
                                                    index_missing,
                                                    row_invalid,
                                                    row_damaged,
                                                    unique_key_masked,
                                                    run_overdue,
                                                    run_abandoned,
                                                    run_waiting,
                                                    run_dead});
  if (json.at("organization") != "") out.organization = OrganizationId(json.at("organization").get<std::string>());
  out.environment = parse_environment(json.at("environment").get<std::string>());
  out.subject = json.at("subject");
  out.message = json.at("message");
  return out;
}

}  // namespace struere::cli
