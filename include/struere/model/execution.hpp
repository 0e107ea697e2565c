// One run of an agent: tokens, duration and outcome (SPEC 8).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"

namespace STRUERE_API struere {

enum class ExecutionStatus { completed, failed, cancelled };

std::string_view to_string(ExecutionStatus status) noexcept;

struct Execution {
  ExecutionId id;
  std::optional<AgentId> agent;
  std::optional<std::int64_t> config_version;
  std::optional<ThreadId> thread;
  std::string model;
  ExecutionStatus status = ExecutionStatus::completed;
  std::optional<std::string> error;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::chrono::milliseconds duration{};
  Json tool_calls = Json::array();
  std::string actor_type;  // of the actor that asked
  std::string actor_id;
  std::int64_t day = 0;  // days since the Unix epoch, UTC
  Timestamp created_at = 0;
};

// The totals of one group of executions.
struct ExecutionSummary {
  // Only the fields that were grouped by have a value.
  std::optional<std::int64_t> day;  // days since 1970-01-01, in UTC
  std::optional<AgentId> agent;
  std::optional<std::string> model;
  std::optional<ExecutionStatus> status;
  std::int64_t executions = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::chrono::milliseconds duration{};
};

}  // namespace struere
