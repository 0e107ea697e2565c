// Conversations of one scope (SPEC 8). Governed by policies on `threads`; the actor that began a thread always sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/thread.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

struct NewThread {
  std::optional<std::string> external_id = {};  // such as the id of a chat or a phone number
  std::optional<std::string> agent = {};        // slug
  std::string title = {};
  Json metadata = Json::object();
};

struct NewMessage {
  MessageRole role = MessageRole::user;
  std::string content = {};
  Json tool_calls = Json::array();
  std::optional<std::string> tool_call_id = {};
  Json attachments = Json::array();
};

struct ThreadQuery {
  std::optional<std::string> agent = {};  // slug
  std::int64_t limit = 50;                // 1 to 1000
  std::optional<std::string> after = {};  // the cursor of the page before
};

struct ThreadPage {
  std::vector<Thread> threads;  // newest first
  std::optional<std::string> next;
};

struct MessagePage {
  std::vector<Message> messages;  // newest first
  std::optional<std::string> next;
};

// Cheap, immutable, safe to share between threads. A thread that the actor does not see is not_found.
class ThreadRepository {
 public:
  explicit ThreadRepository(Caller caller) : caller_(std::move(caller)) {}

  // An external id means the thread that the actor itself began under it, or else the oldest one that it sees. Threads
  // that the actor does not see do not count: neither as a conflict, nor as the thread of an external id.

  // Needs `create`. Throws conflict if there is a thread with that external id.
  Thread create(const NewThread& thread) const;

  // Returns the thread with that external id, or creates it, which needs `create`. Two requests of one actor at the
  // same time get the same thread.
  Thread open(const NewThread& thread) const;

  Thread get(const ThreadId& id) const;
  std::optional<Thread> find(const std::string& external_id) const;
  ThreadPage list(
      const ThreadQuery& query = {}) const;  // never denied: all threads with `list`, else those that the actor began

  // Needs `update`, once the actor sees the thread.
  Message append(const ThreadId& id, const NewMessage& message) const;
  MessagePage messages(const ThreadId& id, std::int64_t limit = 50, const std::optional<std::string>& after = {}) const;

 private:
  Caller caller_;
};

}  // namespace struere
