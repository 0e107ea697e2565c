#include <fmt/format.h>

#include "core/authority.hpp"
#include "core/json_scan.hpp"
#include "struere/core/error.hpp"
#include "struere/model/action.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/model/agent.hpp"
#include "struere/model/api_key.hpp"
#include "struere/model/entity.hpp"
#include "struere/model/event.hpp"
#include "struere/model/execution.hpp"
#include "struere/model/operator_session.hpp"
#include "struere/model/organization.hpp"
#include "struere/model/retention.hpp"
#include "struere/model/thread.hpp"
#include "struere/model/trigger.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <utility>

namespace struere {
namespace {

constexpr std::array<std::pair<std::string_view, Action>, 5> actions{{{"create", Action::create},
                                                                      {"read", Action::read},
                                                                      {"update", Action::update},
                                                                      {"delete", Action::remove},
                                                                      {"list", Action::list}}};

}  // namespace

std::string_view to_string(Action action) noexcept {
  return std::ranges::find(actions, action, &std::pair<std::string_view, Action>::second)->first;
}

std::optional<Action> parse_action(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(actions, text, &std::pair<std::string_view, Action>::first);
  return found == actions.end() ? std::nullopt : std::optional(found->second);
}

std::string_view to_string(ActorType type) noexcept {
  switch (type) {
    case ActorType::user: return "user";
    case ActorType::agent: return "agent";
    case ActorType::system: return "system";
    case ActorType::webhook: return "webhook";
  }
  return "user";
}

std::string_view to_string(MembershipRole role) noexcept { return role == MembershipRole::admin ? "admin" : "member"; }

std::string_view to_string(OperatorSessionKind kind) noexcept {
  return kind == OperatorSessionKind::invitation ? "invitation" : "session";
}

std::string_view to_string(ApiKeyKind kind) noexcept { return kind == ApiKeyKind::webhook ? "webhook" : "agent"; }

std::string_view to_string(AgentStatus status) noexcept {
  return status == AgentStatus::active ? "active" : "inactive";
}

std::string_view to_string(ToolIdentity identity) noexcept {
  switch (identity) {
    case ToolIdentity::inherit: return "inherit";
    case ToolIdentity::system: return "system";
    case ToolIdentity::configured: return "configured";
  }
  return "inherit";
}

std::string_view to_string(MessageRole role) noexcept {
  switch (role) {
    case MessageRole::user: return "user";
    case MessageRole::assistant: return "assistant";
    case MessageRole::system: return "system";
    case MessageRole::tool: return "tool";
  }
  return "user";
}

std::string_view to_string(ExecutionStatus status) noexcept {
  switch (status) {
    case ExecutionStatus::completed: return "completed";
    case ExecutionStatus::failed: return "failed";
    case ExecutionStatus::cancelled: return "cancelled";
  }
  return "failed";
}

std::string_view to_string(TriggerRunStatus status) noexcept {
  switch (status) {
    case TriggerRunStatus::pending: return "pending";
    case TriggerRunStatus::running: return "running";
    case TriggerRunStatus::completed: return "completed";
    case TriggerRunStatus::dead: return "dead";
    case TriggerRunStatus::cancelled: return "cancelled";
  }
  return "dead";
}

std::string_view to_string(Gathered kind) noexcept {
  switch (kind) {
    case Gathered::trigger_runs: return "trigger_runs";
    case Gathered::executions: return "executions";
    case Gathered::messages: return "messages";
    case Gathered::threads: return "threads";
    case Gathered::events: return "events";
  }
  return "events";
}

bool Restriction::permits(Action action) const noexcept {
  return !allowed_actions || std::ranges::find(*allowed_actions, action) != allowed_actions->end();
}

Restriction narrowed(const Restriction& one, const Restriction& other) {
  Restriction out{one.allowed_actions ? one.allowed_actions : other.allowed_actions, one.denied_fields};
  if (out.allowed_actions) std::erase_if(*out.allowed_actions, [&](Action action) { return !other.permits(action); });
  out.denied_fields.insert(out.denied_fields.end(), other.denied_fields.begin(), other.denied_fields.end());
  return out;
}

ActorContext::ActorContext(const Authority& authority, ActorParts parts)
    : state_([&] {
        require_authority(authority);
        std::ranges::sort(parts.roles, {}, &ActorRole::name);
        // The stored roles of a key may hold a name twice.
        parts.roles.erase(std::unique(parts.roles.begin(), parts.roles.end()), parts.roles.end());
        static std::atomic<std::uint64_t> made = 0;
        return std::make_shared<const State>(State{std::move(parts), ++made});
      }()) {}

ActorContext ActorContext::traced(const Authority& authority, std::shared_ptr<const std::string> trace_id) const {
  require_authority(authority);
  ActorContext out = *this;
  out.trace_id_ = std::move(trace_id);
  return out;
}

Json Entity::to_json() const {
  Json out{{"id", row_.id.str()}, {"type", type_}, {"data", data()}, {"version", row_.version}};
  if (row_.status) out["status"] = *row_.status;
  if (row_.created_at) out["createdAt"] = *row_.created_at;
  if (row_.updated_at) out["updatedAt"] = *row_.updated_at;
  if (!row_.replaced.is_null()) out.update(row_.replaced);
  if (!expanded_) return out;
  Json& beside = out["expanded"] = Json::object();
  for (const Expansion& expansion : *expanded_) {
    Json& shown = beside[expansion.path] = Json::array();
    for (const Entity& entity : expansion.entities) shown.push_back(entity.to_json());
    if (!expansion.is_list) shown = Json(shown.front());
  }
  return out;
}

Json Event::to_json() const {
  Json out{{"id", id().str()},
           {"type", type()},
           {"entityId", entity() ? Json(entity()->str()) : Json(nullptr)},
           {"actorType", actor_type()},
           {"actorId", actor_id()},
           {"createdAt", created_at()},
           {"payload", payload()}};
  if (const auto& by = impersonated_by()) out["impersonatedBy"] = Json{{"actorType", by->type}, {"actorId", by->id}};
  if (trace_id()) out["traceId"] = *trace_id();
  return out;
}

Json TriggerRun::to_json() const {
  return {{"id", id.str()},
          {"trigger", trigger},
          {"entityId", entity.str()},
          {"status", to_string(status)},
          {"dueAt", due_at},
          {"attempts", attempts},
          {"completedSteps", steps.size()},
          {"error", error ? Json(*error) : Json(nullptr)},
          {"createdAt", created_at},
          {"finishedAt", finished_at ? Json(*finished_at) : Json(nullptr)}};
}

std::shared_ptr<const Expansion> Entity::expanded(std::string_view path) const {
  if (expanded_)
    for (const Expansion& expansion : *expanded_)
      if (expansion.path == path) return {expanded_, &expansion};
  return nullptr;
}

std::vector<Expansion> Entity::expanded() const { return expanded_ ? *expanded_ : std::vector<Expansion>(); }

void Entity::throw_unreadable(const std::exception& fault) const {
  throw Error(ErrorCode::invalid_data,
              fmt::format("an entity of `{}` is not of the type that it was read as: {}", type_, fault.what()));
}

std::string_view embeddable_json(const Entity& entity) {
  require_object_text(json_view(entity));
  return json_view(entity);
}

Entity Entity::with_data(std::string json) && {
  row_.data = SharedText(std::move(json));
  return std::move(*this);
}

Entity Entity::with(std::vector<Expansion> expanded) && {
  expanded_ = std::make_shared<const std::vector<Expansion>>(std::move(expanded));
  return std::move(*this);
}

}  // namespace struere
