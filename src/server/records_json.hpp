// Records other than entities as JSON, under the names that the command-line tool uses.
#pragma once

#include "server/body_object.hpp"
#include "struere/model/agent.hpp"
#include "struere/model/event.hpp"
#include "struere/model/execution.hpp"
#include "struere/model/thread.hpp"

namespace struere::server {

Json json_of(const Event& event);
Json json_of(const Thread& thread);
Json json_of(const Message& message);
Json json_of(const Agent& agent);
Json json_of(const AgentConfig& config);
Json json_of(const ToolPermission& permission);
Json json_of(const Execution& execution);
Json json_of(const ExecutionSummary& sum);

template <class Value>
Json json_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// {"items": […], "cursor": …}; no cursor after the last page.
template <class Record>
Json page_json(const std::vector<Record>& records, const std::optional<std::string>& cursor = {}) {
  Json items = Json::array();
  for (const Record& record : records) items.push_back(json_of(record));
  Json out{{"items", std::move(items)}};
  if (cursor) out["cursor"] = *cursor;
  return out;
}

}  // namespace struere::server
