// The host program: one request, from its Authorization header to the record of what it took.
#pragma once

#include <string>

#include <struere/struere.hpp>

struct ChatRequest {
  std::string authorization;  // "Bearer sk_…"
  std::string conversation;   // the widget's own id of it
  std::string text;
};

// Nothing in here names an environment: the key does.
class AgentHost {
 public:
  explicit AgentHost(struere::Database database) : database_(database), worker_(database) {}

  // Throws struere::Error for a key that is none.
  std::string handle(const ChatRequest& request);

 private:
  // What a tool answers, in words.
  std::string call_tool(const struere::Session& caller, const std::string& tool, const struere::Json& arguments);

  struere::Database database_;
  struere::TriggerWorker worker_;
};
