// Agents, their configuration, their tools and their executions.
#include "server/body_object.hpp"
#include "server/records_json.hpp"
#include "server/refusal.hpp"
#include "server/routes/all_routes.hpp"
#include "struere/core/error.hpp"

namespace struere::server {
namespace {

AgentRepository agents(const Call& call) { return call.session().agents(); }

Response list_agents(const Call& call) { return json_response(page_json(agents(call).list())); }
Response get_agent(const Call& call) { return json_response(json_of(agents(call).get(call.path("slug")))); }

Response define_agent(const Call& call) {
  const BodyObject body(call.request().body, {"slug", "name", "description"});
  const std::string slug = body.required_string("slug");
  return json_response(json_of(
      agents(call).define({slug, body.string("name").value_or(slug), body.string("description").value_or("")})));
}

Response get_config(const Call& call) { return json_response(json_of(agents(call).config(call.path("slug")))); }
Response config_history(const Call& call) { return json_response(page_json(agents(call).history(call.path("slug")))); }

Response configure_agent(const Call& call) {
  const BodyObject body(call.request().body, {"systemPrompt", "model", "tools", "roles", "status"});
  NewAgentConfig config;
  config.system_prompt = body.required_string("systemPrompt");
  config.model = body.required_string("model");
  config.tools = body.strings("tools").value_or(std::vector<std::string>());
  config.roles = body.strings("roles").value_or(std::vector<std::string>());
  if (const auto status = body.string("status")) {
    if (*status != "active" && *status != "inactive")
      throw Refusal(400, "malformed_request", "`status` is active or inactive");
    config.status = *status == "active" ? AgentStatus::active : AgentStatus::inactive;
  }
  return json_response(json_of(agents(call).configure(call.path("slug"), config)), 201);
}

Response list_tools(const Call& call) {
  return json_response(page_json(agents(call).tool_permissions(call.path("slug"))));
}

Response permit_tool(const Call& call) {
  const BodyObject body(call.request().body, {"identity", "role", "allowedActions", "deniedFields"});
  NewToolPermission permission;
  const std::string word = body.string("identity").value_or("inherit");
  bool is_known = false;
  for (const ToolIdentity identity : {ToolIdentity::inherit, ToolIdentity::system, ToolIdentity::configured})
    if (to_string(identity) == word) permission.identity = identity, is_known = true;
  if (!is_known) throw Refusal(400, "malformed_request", "`identity` is inherit, system or configured");
  if (body.text("role").value_or("null") != "null") permission.role = body.string("role");
  if (body.text("allowedActions").value_or("null") != "null") {
    permission.allowed_actions.emplace();
    const auto words = body.strings("allowedActions").value();
    for (const std::string& text : words) {
      const auto action = parse_action(text);
      if (!action) throw Refusal(400, "malformed_request", "`allowedActions` are create, read, update, delete, list");
      permission.allowed_actions->push_back(*action);
    }
  }
  permission.denied_fields = body.strings("deniedFields").value_or(std::vector<std::string>());
  return json_response(json_of(agents(call).permit_tool(call.path("slug"), call.path("tool"), permission)));
}

Response forget_tool(const Call& call) {
  if (!agents(call).forget_tool(call.path("slug"), call.path("tool")))
    throw Error(ErrorCode::not_found, "the agent has no permission of this name");
  return no_content();
}

std::optional<ExecutionStatus> status_of(const std::optional<std::string>& word) {
  if (!word) return std::nullopt;
  for (const ExecutionStatus status : {ExecutionStatus::completed, ExecutionStatus::failed, ExecutionStatus::cancelled})
    if (to_string(status) == *word) return status;
  throw Refusal(400, "malformed_request", "`status` is completed, failed or cancelled");
}

ExecutionQuery execution_query(const Call& call) {
  ExecutionQuery query;
  query.agent = call.text("agent");
  query.model = call.text("model");
  query.status = status_of(call.text("status"));
  query.since = call.integer("since");
  query.until = call.integer("until");
  return query;
}

Response list_executions(const Call& call) {
  const ExecutionPage page =
      call.session().executions().list(execution_query(call), call.integer("limit").value_or(50), call.text("cursor"));
  Json out = page_json(page.executions, page.next);
  if (page.searched_to) out["searchedTo"] = *page.searched_to;
  return json_response(out);
}

Response roll_up(const Call& call) {
  std::vector<ExecutionGroup> groups;
  std::string_view rest = call.request().parameter("groupBy").value_or("");
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word == "day")
      groups.push_back(ExecutionGroup::day);
    else if (word == "agent")
      groups.push_back(ExecutionGroup::agent);
    else if (word == "model")
      groups.push_back(ExecutionGroup::model);
    else if (word == "status")
      groups.push_back(ExecutionGroup::status);
    else
      throw Refusal(400, "malformed_request", "`groupBy` lists day, agent, model and status, separated by commas");
  }
  return json_response(page_json(call.session().executions().rollup(groups, execution_query(call))));
}

Response get_execution(const Call& call) {
  return json_response(json_of(call.session().executions().get(ExecutionId(call.path("id")))));
}

Response record_execution(const Call& call) {
  const BodyObject body(call.request().body, {"agent", "threadId", "model", "status", "error", "inputTokens",
                                              "outputTokens", "durationMs", "toolCalls"});
  NewExecution execution;
  execution.agent = body.string("agent");
  if (const auto thread = body.string("threadId")) execution.thread = ThreadId(*thread);
  execution.model = body.required_string("model");
  execution.status = status_of(body.string("status")).value_or(ExecutionStatus::completed);
  execution.error = body.string("error");
  execution.input_tokens = body.integer("inputTokens").value_or(0);
  execution.output_tokens = body.integer("outputTokens").value_or(0);
  execution.duration = std::chrono::milliseconds(body.integer("durationMs").value_or(0));
  execution.tool_calls = body.json("toolCalls").value_or(Json::array());
  return json_response(json_of(call.session().executions().record(execution)), 201);
}

}  // namespace

void add_agent_routes(std::vector<Route>& routes) {
  const std::vector<Parameter> filters{{"agent", "Only of the agent with this slug"},
                                       {"model", "Only of this model"},
                                       {"status", "completed, failed or cancelled"},
                                       {"since", "Milliseconds since 1970", "integer"},
                                       {"until", "Milliseconds since 1970, exclusive", "integer"}};
  std::vector<Parameter> page = filters, groups = filters;
  page.push_back({"limit", "1 to 1000", "integer"});
  page.push_back({"cursor", "Of the page before"});
  groups.push_back({"groupBy", "day, agent, model, status: one or several, separated by commas"});
  routes.push_back({.pattern = "/v1/agents",
                    .summary = "The agents of the organization, which both environments share",
                    .handler = list_agents,
                    .answer = "AgentPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/agents",
                    .summary = "Makes an agent, or replaces the one with this slug",
                    .handler = define_agent,
                    .lane = Lane::write,
                    .request = "NewAgent",
                    .answer = "Agent",
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.pattern = "/v1/agents/{slug}", .summary = "One agent", .handler = get_agent, .answer = "Agent"});
  routes.push_back({.pattern = "/v1/agents/{slug}/config",
                    .summary = "The configuration that is in force in this environment",
                    .handler = get_config,
                    .answer = "AgentConfig"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/agents/{slug}/config",
                    .summary = "A further version of the configuration, in force at once",
                    .handler = configure_agent,
                    .lane = Lane::write,
                    .request = "NewAgentConfig",
                    .answer = "AgentConfig",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.pattern = "/v1/agents/{slug}/config/history",
                    .summary = "All versions of the configuration, newest first",
                    .handler = config_history,
                    .answer = "AgentConfigPage"});
  routes.push_back({.pattern = "/v1/agents/{slug}/tools",
                    .summary = "As whom the tools of an agent act, in both environments",
                    .handler = list_tools,
                    .answer = "ToolPermissionPage"});
  routes.push_back({.method = Method::put,
                    .pattern = "/v1/agents/{slug}/tools/{tool}",
                    .summary = "Says as whom a tool acts, and what it may not do",
                    .handler = permit_tool,
                    .lane = Lane::write,
                    .request = "NewToolPermission",
                    .answer = "ToolPermission"});
  routes.push_back({.method = Method::remove,
                    .pattern = "/v1/agents/{slug}/tools/{tool}",
                    .summary = "Lets a tool act as its caller again",
                    .handler = forget_tool,
                    .lane = Lane::write,
                    .status = 204});
  routes.push_back({.pattern = "/v1/executions",
                    .summary = "The runs of agents, newest first",
                    .handler = list_executions,
                    .parameters = page,
                    .answer = "ExecutionPage"});
  routes.push_back({.method = Method::post,
                    .pattern = "/v1/executions",
                    .summary = "Records a run of an agent",
                    .handler = record_execution,
                    .lane = Lane::write,
                    .request = "NewExecution",
                    .answer = "Execution",
                    .status = 201,
                    .idempotency = Idempotency::in_commit});
  routes.push_back({.pattern = "/v1/executions/rollup",
                    .summary = "Sums of executions by group",
                    .handler = roll_up,
                    .parameters = groups,
                    .answer = "ExecutionSummaryPage"});
  routes.push_back({.pattern = "/v1/executions/{id}",
                    .summary = "One run of an agent",
                    .handler = get_execution,
                    .answer = "Execution"});
}

}  // namespace struere::server
