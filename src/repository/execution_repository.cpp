#include "struere/repository/execution_repository.hpp"

#include <algorithm>
#include <iterator>

#include "core/instant.hpp"
#include "repository/record_page.hpp"
#include "repository/thread_visibility.hpp"

namespace struere {
namespace {

constexpr std::int64_t most_groups = 10'000;                  // of a rollup
constexpr std::int64_t most_counted = std::int64_t{1} << 40;  // so that a sum of them does not overflow

void require_count(std::int64_t count, const char* what) {
  if (count < 0 || count > most_counted)
    throw Error(ErrorCode::invalid_data, fmt::format("{} is from 0 to {}", what, most_counted));
}

// One page examines no more of them (docs/limits.md).
constexpr std::int64_t most_examined_executions = 20'000;

// The conditions of the query that no index serves.
std::vector<RecordCondition> filter_of(const ExecutionQuery& query) {
  using enum RecordCondition::Comparison;
  std::vector<RecordCondition> out;
  if (query.model) out.push_back({"model", equal, *query.model});
  if (query.status) out.push_back({"status", equal, to_value(*query.status)});
  return out;
}

// The other conditions; nullopt if no execution can match.
std::optional<std::vector<RecordCondition>> conditions(GuardedOperation& operation, const ExecutionQuery& query) {
  using enum RecordCondition::Comparison;
  std::vector<RecordCondition> out;
  if (query.agent) {
    const auto agent = find<Agent>(operation.transaction(), "slug", *query.agent);
    if (!agent) return std::nullopt;
    out.push_back({"agent_id", equal, agent->id.str()});
  }
  if (query.since) out.push_back({"created_at", greater_or_equal, *query.since});
  if (query.until) out.push_back({"created_at", less, *query.until});
  return out;
}

std::string question_of(const ExecutionQuery& query) {
  const auto shown = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  JsonFault fault;
  const auto text = canonical_json(Json{{"agent", shown(query.agent)},
                                        {"model", shown(query.model)},
                                        {"status", query.status ? Json(to_string(*query.status)) : Json(nullptr)},
                                        {"since", shown(query.since)},
                                        {"until", shown(query.until)}},
                                   fault);
  if (!text) throw Error(ErrorCode::invalid_query, "`agent` and `model` are valid UTF-8: " + fault.message);
  return "executions/" + *text;
}

std::string_view column_of(ExecutionGroup group) {
  switch (group) {
    case ExecutionGroup::day: return "day";
    case ExecutionGroup::agent: return "agent_id";
    case ExecutionGroup::model: return "model";
    case ExecutionGroup::status: return "status";
  }
  return "day";
}

}  // namespace

Execution ExecutionRepository::record(const NewExecution& asked) const {
  return guarded(caller_, Access::brief_write, {"create", "executions"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::create, "executions");
    require_name(asked.model, "a model's name");
    if (asked.error) require_text(*asked.error, "`error`");
    require_count(asked.input_tokens, "`input_tokens`");
    require_count(asked.output_tokens, "`output_tokens`");
    require_count(asked.duration.count(), "`duration`");
    Execution execution;
    execution.id = ExecutionId(operation.new_id());
    Transaction& transaction = operation.transaction();
    if (asked.agent) {
      const auto agent = find<Agent>(transaction, "slug", *asked.agent);
      if (!agent) throw Error(ErrorCode::invalid_reference, "`agent` is the slug of an agent of the organization");
      execution.agent = agent->id;
      const auto configs =
          select<AgentConfig>(transaction, {{}, {{"agent_id", {}, agent->id.str()}}, {"version"}, true, {}, 1});
      if (!configs.empty()) execution.config_version = configs.front().version;
    }
    if (asked.thread) {
      const auto thread = find<Thread>(transaction, "id", asked.thread->str());
      if (!thread || !sees_thread(operation, *thread))
        throw Error(ErrorCode::invalid_reference, "`thread` must be the id of a thread that the actor sees");
    }
    execution.thread = asked.thread;
    execution.model = asked.model;
    execution.status = asked.status;
    execution.error = asked.error;
    execution.input_tokens = asked.input_tokens;
    execution.output_tokens = asked.output_tokens;
    execution.duration = asked.duration;
    execution.tool_calls = require_json(asked.tool_calls, Json::value_t::array, "`tool_calls`");
    execution.actor_type = to_string(caller_.actor().type());
    execution.actor_id = caller_.actor().id();
    execution.created_at = operation.now();
    execution.day = day_of(execution.created_at);
    insert(transaction, execution);
    operation.commit();
    return execution;
  });
}

Execution ExecutionRepository::get(const ExecutionId& id) const {
  return guarded(caller_, Access::read, {"read", "executions", id.str()}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::read, "executions");
    auto execution = find<Execution>(operation.transaction(), "id", id.str());
    if (!execution) throw_not_found();
    return *std::move(execution);
  });
}

ExecutionPage ExecutionRepository::list(const ExecutionQuery& query, std::int64_t limit,
                                        const std::optional<std::string>& after) const {
  return guarded(caller_, Access::read, {"list", "executions"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "executions");
    const std::string question = question_of(query);
    const auto where = conditions(operation, query);
    if (!where) return ExecutionPage{};
    auto page = select_page<Execution>(operation, {RecordTable::executions, *where, {"created_at", "id"}, true},
                                       question, limit, after, {}, {filter_of(query), most_examined_executions});
    ExecutionPage out{std::move(page.rows), std::move(page.next)};
    if (page.searched_to) out.searched_to = std::get<Timestamp>(page.searched_to->front());
    return out;
  });
}

std::vector<ExecutionSummary> ExecutionRepository::rollup(const std::vector<ExecutionGroup>& group_by,
                                                          const ExecutionQuery& query) const {
  return guarded(caller_, Access::read, {"list", "executions"}, [&](GuardedOperation& operation) {
    operation.require_resource(Action::list, "executions");
    std::vector<ExecutionSummary> out;
    auto where = conditions(operation, query);
    if (!where) return out;
    for (RecordCondition& condition : filter_of(query)) where->push_back(std::move(condition));
    RecordRollup rollup{
        RecordTable::executions, *where, {}, {"input_tokens", "output_tokens", "duration_ms"}, most_groups + 1};
    for (const ExecutionGroup group : group_by) {
      if (std::ranges::count(group_by, group) > 1)
        throw Error(ErrorCode::invalid_query, "executions are grouped by each of day, agent, model and status once");
      rollup.group_by.push_back(column_of(group));
    }
    const auto groups = operation.transaction().sum_records(rollup);
    if (std::ssize(groups) > most_groups)
      throw Error(ErrorCode::invalid_query,
                  fmt::format("there are more than {} groups; group by less, or ask for a shorter time", most_groups));
    for (const RecordGroup& group : groups) {
      ExecutionSummary& summary = out.emplace_back();
      for (std::size_t i = 0; i < group_by.size(); ++i) switch (group_by[i]) {
          case ExecutionGroup::day: from_value(group.key[i], summary.day); break;
          case ExecutionGroup::agent: from_value(group.key[i], summary.agent); break;
          case ExecutionGroup::model: from_value(group.key[i], summary.model); break;
          case ExecutionGroup::status: from_value(group.key[i], summary.status); break;
        }
      summary.executions = group.count;
      summary.input_tokens = group.sums[0];
      summary.output_tokens = group.sums[1];
      summary.duration = std::chrono::milliseconds(group.sums[2]);
    }
    return out;
  });
}

}  // namespace struere
