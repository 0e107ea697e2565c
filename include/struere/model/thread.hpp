// Conversations, in one scope (SPEC 8).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

struct Thread {
  ThreadId id;
  std::optional<std::string> external_id;  // an id of the host; unique for the actor that began the thread
  std::optional<AgentId> agent;
  std::string title;
  Json metadata = Json::object();
  std::string started_by_type;  // the actor that began it, who always sees it
  std::string started_by;
  std::int64_t message_count = 0;  // all that were ever appended: a retention removes messages and does not lower it
  Timestamp created_at = 0;
  Timestamp updated_at = 0;  // of the newest message
};

enum class MessageRole { user, assistant, system, tool };

std::string_view to_string(MessageRole role) noexcept;

struct Message {
  MessageId id;
  ThreadId thread;
  std::int64_t sequence = 0;  // from 1 in each thread
  MessageRole role = MessageRole::user;
  std::string content;
  Json tool_calls = Json::array();          // calls that the assistant asked for
  std::optional<std::string> tool_call_id;  // the call that the message of a tool answers
  Json attachments = Json::array();
  Timestamp created_at = 0;
};

}  // namespace struere
