// Agents, threads and executions of a server.
#include "cli/remote_json.hpp"
#include "cli/remote_parts.hpp"

namespace struere::cli {
namespace {

class RemoteAgents final : public AgentPlace {
 public:
  RemoteAgents(std::shared_ptr<const HttpClient> client, Parameters scope)
      : client_(std::move(client)), scope_(std::move(scope)) {}

  std::vector<Agent> list() const override {
    std::vector<Agent> out;
    const Json page = ask({"v1", "agents"});
    for (const Json& item : page.at("items")) out.push_back(agent_of(item));
    return out;
  }
  std::vector<AgentConfig> history(const std::string& slug) const override {
    std::vector<AgentConfig> out;
    const Json page = ask({"v1", "agents", slug, "config", "history"});
    for (const Json& item : page.at("items")) out.push_back(agent_config_of(item));
    return out;
  }
  ThreadPage threads(const ThreadQuery& query) const override {
    const Json page = ask({"v1", "threads"},
                          {{"agent", query.agent}, {"limit", std::to_string(query.limit)}, {"cursor", query.after}});
    ThreadPage out;
    for (const Json& item : page.at("items")) out.threads.push_back(thread_of(item));
    out.next = text_in(page, "cursor");
    return out;
  }
  MessagePage messages(const ThreadId& thread, std::int64_t limit,
                       const std::optional<std::string>& after) const override {
    const Json page =
        ask({"v1", "threads", thread.str(), "messages"}, {{"limit", std::to_string(limit)}, {"cursor", after}});
    MessagePage out;
    for (const Json& item : page.at("items")) out.messages.push_back(message_of(item));
    out.next = text_in(page, "cursor");
    return out;
  }
  ExecutionPage executions(const ExecutionQuery& query, std::int64_t limit,
                           const std::optional<std::string>& after) const override {
    const Json page =
        ask({"v1", "executions"}, {{"agent", query.agent}, {"limit", std::to_string(limit)}, {"cursor", after}});
    ExecutionPage out;
    for (const Json& item : page.at("items")) out.executions.push_back(execution_of(item));
    out.next = text_in(page, "cursor");
    return out;
  }

 private:
  Json ask(const std::vector<std::string>& segments, Parameters parameters = {}) const {
    parameters.insert(parameters.end(), scope_.begin(), scope_.end());
    return client_->call("GET", target_of(segments, parameters));
  }

  std::shared_ptr<const HttpClient> client_;
  Parameters scope_;
};

}  // namespace

std::unique_ptr<AgentPlace> remote_agents(std::shared_ptr<const HttpClient> client, Parameters scope) {
  return std::make_unique<RemoteAgents>(std::move(client), std::move(scope));
}

}  // namespace struere::cli
