// The runs of agents in one scope, with tokens and durations (SPEC 8). Governed by policies on `executions`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "struere/core/json.hpp"
#include "struere/model/execution.hpp"
#include "struere/repository/caller.hpp"

namespace STRUERE_API struere {

struct NewExecution {
  std::optional<std::string> agent = {};  // slug; the version of its configuration is recorded too
  std::optional<ThreadId> thread = {};
  std::string model;
  ExecutionStatus status = ExecutionStatus::completed;
  std::optional<std::string> error = {};
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::chrono::milliseconds duration{};
  Json tool_calls = Json::array();
};

struct ExecutionQuery {
  std::optional<std::string> agent = {};  // slug
  std::optional<std::string> model = {};
  std::optional<ExecutionStatus> status = {};
  std::optional<Timestamp> since = {};
  std::optional<Timestamp> until = {};  // exclusive
};

struct ExecutionPage {
  std::vector<Execution> executions;  // newest first
  std::optional<std::string> next;
  // Set if the page ended, maybe empty, because it had examined 20,000 executions for a `model` or `status` that few of
  // them have: the time of the last of these. `next` goes on after it.
  std::optional<Timestamp> searched_to = {};
};

enum class ExecutionGroup { day, agent, model, status };

// Cheap, immutable, safe to share between threads.
class ExecutionRepository {
 public:
  explicit ExecutionRepository(Caller caller) : caller_(std::move(caller)) {}

  Execution record(const NewExecution& execution) const;  // needs `create`
  Execution get(const ExecutionId& id) const;             // needs `read`
  ExecutionPage list(const ExecutionQuery& query = {}, std::int64_t limit = 50,
                     const std::optional<std::string>& after = {}) const;  // needs `list`

  // Sums of the executions that match, for each group, ordered by group. Needs `list`.
  std::vector<ExecutionSummary> rollup(const std::vector<ExecutionGroup>& group_by,
                                       const ExecutionQuery& query = {}) const;

 private:
  Caller caller_;
};

}  // namespace struere
