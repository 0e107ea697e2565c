#include "host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "model.hpp"

using namespace struere;

namespace {

std::vector<Message> oldest_first(MessagePage page) {
  std::ranges::reverse(page.messages);
  return std::move(page.messages);
}

std::string listed(const EntityPage& sessions) {
  std::string out;
  for (const Entity& session : sessions) {
    const Json data = session.data();
    out += fmt::format("{}{} on {}{}", out.empty() ? "" : ", ", data.at("subject").get<std::string>(),
                       data.at("day").get<std::string>(), data.contains("price") ? " (and what it costs!)" : "");
  }
  return out;
}

}  // namespace

std::string AgentHost::handle(const ChatRequest& request) {
  // Only the key says which organization, environment and roles this request has.
  constexpr std::string_view scheme = "Bearer ";
  const bool bearer = request.authorization.starts_with(scheme);
  const Session actor = database_.authenticate(bearer ? request.authorization.substr(scheme.size()) : "");

  const auto started = std::chrono::steady_clock::now();
  const AgentConfig config = actor.agents().config("assistant");
  const ThreadRepository threads = actor.threads();
  const Thread thread = threads.open({.external_id = request.conversation, .agent = "assistant"});
  threads.append(thread.id, {.role = MessageRole::user, .content = request.text});

  NewExecution execution{.agent = "assistant", .thread = thread.id, .model = config.model};
  ModelAnswer answer;
  for (int turn = 0; turn < 4; ++turn) {
    answer = ask_model(config, oldest_first(threads.messages(thread.id)));
    execution.input_tokens += answer.input_tokens;
    execution.output_tokens += answer.output_tokens;
    if (!answer.tool) break;
    const Json call{{"id", fmt::format("call-{}", turn)}, {"name", *answer.tool}, {"arguments", answer.arguments}};
    threads.append(thread.id, {.role = MessageRole::assistant, .tool_calls = Json::array({call})});
    execution.tool_calls.push_back(call);
    threads.append(thread.id, {.role = MessageRole::tool,
                               .content = call_tool(actor, *answer.tool, answer.arguments),
                               .tool_call_id = call.at("id").get<std::string>()});
  }
  threads.append(thread.id, {.role = MessageRole::assistant, .content = answer.text});

  worker_.run_due();  // a real host has a worker in the background: TriggerWorker::start()
  execution.duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started);
  actor.executions().record(execution);
  return answer.text;
}

std::string AgentHost::call_tool(const Session& caller, const std::string& tool, const Json& arguments) {
  try {
    // The tool always acts in the scope of the caller, whatever its identity mode is.
    const Session identity = caller.agents().tool_session("assistant", tool);
    const EntityRepository sessions = identity.entities("session");
    if (tool == "find-sessions") return listed(sessions.list({.order = {{"data.subject"}}}));
    const EntityPage found = sessions.list({.search = arguments.at("search").get<std::string>(), .limit = 2});
    if (found.size() != 1) return fmt::format("{} sessions are called that", found.empty() ? "no" : "several");
    sessions.update(found.front().id(), {{"day", arguments.at("day")}});
    return fmt::format("{} is on {} now", found.front().data().at("subject").get<std::string>(),
                       arguments.at("day").get<std::string>());
  } catch (const Error& error) {  // the error goes to the model, not to the user
    return fmt::format("that cannot be done: {}", error.what());
  }
}
