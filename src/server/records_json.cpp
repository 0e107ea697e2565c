#include "server/records_json.hpp"

namespace struere::server {

Json json_of(const Event& event) { return event.to_json(); }

Json json_of(const Thread& thread) {
  return {{"id", thread.id.str()},
          {"externalId", json_or_null(thread.external_id)},
          {"agentId", thread.agent ? Json(thread.agent->str()) : Json(nullptr)},
          {"title", thread.title},
          {"metadata", thread.metadata},
          {"messages", thread.message_count},
          {"startedByType", thread.started_by_type},
          {"startedBy", thread.started_by},
          {"createdAt", thread.created_at},
          {"updatedAt", thread.updated_at}};
}

Json json_of(const Message& message) {
  return {{"id", message.id.str()},
          {"threadId", message.thread.str()},
          {"sequence", message.sequence},
          {"role", to_string(message.role)},
          {"content", message.content},
          {"toolCalls", message.tool_calls},
          {"toolCallId", json_or_null(message.tool_call_id)},
          {"attachments", message.attachments},
          {"createdAt", message.created_at}};
}

Json json_of(const Agent& agent) {
  return {{"id", agent.id.str()},
          {"slug", agent.slug},
          {"name", agent.name},
          {"description", agent.description},
          {"createdAt", agent.created_at},
          {"updatedAt", agent.updated_at}};
}

Json json_of(const AgentConfig& config) {
  return {{"agentId", config.agent.str()},
          {"version", config.version},
          {"systemPrompt", config.system_prompt},
          {"model", config.model},
          {"tools", config.tools},
          {"roles", config.roles},
          {"status", to_string(config.status)},
          {"createdBy", config.created_by},
          {"createdAt", config.created_at}};
}

Json json_of(const ToolPermission& permission) {
  Json out{{"agentId", permission.agent.str()},          {"tool", permission.tool},
           {"identity", to_string(permission.identity)}, {"role", json_or_null(permission.role)},
           {"deniedFields", permission.denied_fields},   {"updatedAt", permission.updated_at}};
  Json& allowed = out["allowedActions"] = nullptr;
  if (permission.allowed_actions) {
    allowed = Json::array();
    for (const Action action : *permission.allowed_actions) allowed.push_back(to_string(action));
  }
  return out;
}

Json json_of(const Execution& execution) {
  return {{"id", execution.id.str()},
          {"agentId", execution.agent ? Json(execution.agent->str()) : Json(nullptr)},
          {"configVersion", json_or_null(execution.config_version)},
          {"threadId", execution.thread ? Json(execution.thread->str()) : Json(nullptr)},
          {"model", execution.model},
          {"status", to_string(execution.status)},
          {"error", json_or_null(execution.error)},
          {"inputTokens", execution.input_tokens},
          {"outputTokens", execution.output_tokens},
          {"durationMs", execution.duration.count()},
          {"toolCalls", execution.tool_calls},
          {"actorType", execution.actor_type},
          {"actorId", execution.actor_id},
          {"createdAt", execution.created_at}};
}

Json json_of(const ExecutionSummary& sum) {
  Json out{{"executions", sum.executions},
           {"inputTokens", sum.input_tokens},
           {"outputTokens", sum.output_tokens},
           {"durationMs", sum.duration.count()}};
  if (sum.day) out["day"] = *sum.day;
  if (sum.agent) out["agentId"] = sum.agent->str();
  if (sum.model) out["model"] = *sum.model;
  if (sum.status) out["status"] = to_string(*sum.status);
  return out;
}

}  // namespace struere::server
