// The host program: handles a request, from its Authorization header to the record of the execution.
#pragma once

#include <string>

#include <struere/struere.hpp>

struct ChatRequest {
  std::string authorization;  // "Bearer sk_…"
  std::string conversation;   // the id of the conversation in the chat widget
  std::string text;
};

// No code here names an environment: the key does.
class AgentHost {
 public:
  explicit AgentHost(struere::Database database) : database_(database), worker_(database) {}

  // Throws struere::Error if the key is not valid.
  std::string handle(const ChatRequest& request);

 private:
  // Calls a tool, and returns its answer as text.
  std::string call_tool(const struere::Session& caller, const std::string& tool, const struere::Json& arguments);

  struere::Database database_;
  struere::TriggerWorker worker_;
};
