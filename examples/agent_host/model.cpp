#include "model.hpp"

#include <fmt/format.h>

using namespace struere;

namespace {

int tokens(const std::string& text) { return static_cast<int>(text.size() / 4) + 1; }

// "Move maths to Friday" gives "maths" and "Friday".
std::optional<std::pair<std::string, std::string>> wish_to_move(const std::string& text) {
  const auto to = text.rfind(" to ");
  if (!text.starts_with("Move ") || to == std::string::npos || to < 5) return std::nullopt;
  return std::pair(text.substr(5, to - 5), text.substr(to + 4));
}

}  // namespace

ModelAnswer ask_model(const AgentConfig& config, const std::vector<Message>& messages) {
  ModelAnswer answer;
  answer.input_tokens = tokens(config.system_prompt);
  for (const Message& message : messages) answer.input_tokens += tokens(message.content);
  const Message& last = messages.back();
  const bool friendly = config.system_prompt.find("friendly") != std::string::npos;
  if (last.role == MessageRole::user) {
    if (const auto wish = wish_to_move(last.content)) {
      answer.tool = "move-session";
      answer.arguments = {{"search", wish->first}, {"day", wish->second}};
    } else {
      answer.tool = "find-sessions";
      answer.arguments = Json::object();
    }
  } else {
    answer.text = friendly ? fmt::format("Happy to help! {}.", last.content) : fmt::format("[{}]", last.content);
  }
  answer.output_tokens = tokens(answer.tool ? *answer.tool + canonical_json(answer.arguments) : answer.text);
  return answer;
}
