#include "triggers/trigger_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "core/authority.hpp"
#include "core/fork_count.hpp"
#include "core/single_line.hpp"
#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/placeholders.hpp"
#include "triggers/trigger_actors.hpp"
#include "triggers/trigger_events.hpp"

namespace struere {
namespace {

constexpr std::size_t longest_error = 2000;

// This run's lease has ended and another worker has claimed the run. This worker rolls back its transaction.
struct LeaseLost {};

// Results are stored with the run and written again with each step, so their size is limited.
void require_small(const std::string& step, const Json& result, const Json& before) {
  constexpr std::size_t largest = 2 << 20, largest_together = 8 << 20;
  const std::size_t size = canonical_json(result).size();
  if (size > largest)
    throw Error(ErrorCode::invalid_data,
                fmt::format("the result of the step `{}` is larger than 2 MiB; answer less, such as ids", step));
  if (size + canonical_json(before).size() > largest_together)
    throw Error(ErrorCode::invalid_data,
                fmt::format("with the step `{}` the results of the run are larger than 8 MiB; answer less", step));
}

// The text as it is stored: its lines as those of an Error, and shortened. Only the beginning of a long text is read.
std::string storable(std::string_view text) {
  if (text.empty()) return "the tool failed, and did not say why";
  return cut_text(joined_lines(lines_of(valid_utf8(text.substr(0, longest_error + 4)))), longest_error);
}

// A mistake in the definition would fail again at the next attempt.
bool may_pass(const Error& error) { return error.code() != ErrorCode::invalid_definition; }

// The actor in the trace of the write that caused the run (SPEC 7).
ActorContext in_trace_of(const TriggerRun& run, const ActorContext& actor) {
  const auto found = run.input.find("traceId");
  if (found == run.input.end() || !found->is_string()) return actor;
  return actor.traced(authority(), std::make_shared<const std::string>(found->get<std::string>()));
}

Timestamp backoff(const TriggerDefinition& definition, std::int64_t attempts) {
  Timestamp wait = definition.backoff;
  for (std::int64_t i = 1; i < attempts && wait < longest_backoff; ++i) wait *= 2;
  return std::min(wait, longest_backoff);
}

// Calls `renew` at each interval until it is destroyed.
class Renewal {
 public:
  Renewal(std::chrono::milliseconds interval, std::function<void()> renew)
      : work_(std::make_unique<Work>(interval, std::move(renew))) {}
  ~Renewal() {
    // A child of fork() has no such thread: it would wait for it for ever.
    if (forks_ != fork_count()) (void)work_.release();
  }
  Renewal(const Renewal&) = delete;
  Renewal& operator=(const Renewal&) = delete;

 private:
  struct Work {
    Work(std::chrono::milliseconds interval, std::function<void()> renew)
        : thread([this, interval, renew = std::move(renew)](const std::stop_token& stop) {
            std::unique_lock lock(mutex);
            while (!wake.wait_for(lock, stop, interval, [] { return false; }) && !stop.stop_requested()) renew();
          }) {}

    std::mutex mutex;
    std::condition_variable_any wake;
    std::jthread thread;
  };

  std::uint64_t forks_ = fork_count();
  std::unique_ptr<Work> work_;
};

}  // namespace

bool TriggerRunner::run_one(TriggerWork& work) {
  std::optional<TriggerRun> run = retried([&] { return claim(); });
  if (!run) return false;
  if (run->status == TriggerRunStatus::pending) {
    try {
      if (worker_.options.on_missing_tool)
        worker_.options.on_missing_tool(actor_.organization(), actor_.environment(), *run);
    } catch (...) {  // the host's own, which must not end the worker
    }
    return true;
  }
  std::optional<TriggerDefinition> definition;
  try {
    definition = read_trigger(run->definition);
    if (run->attempts > definition->max_attempts)  // it was taken over too often
      throw Error(ErrorCode::conflict, "its worker died, or was away for longer than its lease, at each attempt");
    const ActorContext actor = TriggerActors::system_actor(
        actor_.organization(), actor_.environment(), static_cast<int>(std::min<std::int64_t>(run->depth, 1 << 20)),
        run->input.value("origin", run->id.str()));
    if (carry_out(*run, in_trace_of(*run, actor), *definition)) ++work.completed;
  } catch (const LeaseLost&) {
  } catch (const Error& error) {
    fail(*run, error.what(), may_pass(error), definition ? &*definition : nullptr, work);
  } catch (const std::exception& error) {
    const char* const why = error.what();  // the host's own exception, which may give none
    fail(*run, why ? why : "an exception without a text", true, definition ? &*definition : nullptr, work);
  } catch (...) {
    fail(*run, "the tool threw something that is not a std::exception", true, definition ? &*definition : nullptr,
         work);
  }
  return true;
}

std::optional<TriggerRun> TriggerRunner::claim() {
  GuardedOperation operation(engine_, actor_, Access::brief_write);
  const auto first_due = [&](TriggerRunStatus status) {
    return select<TriggerRun>(operation.transaction(),
                              {{},
                               {{"status", {}, to_value(status)},
                                {"due_at", RecordCondition::Comparison::less_or_equal, operation.by_clock()}},
                               {"due_at", "id"},
                               false,
                               {},
                               1});
  };
  auto found = first_due(TriggerRunStatus::pending);
  if (found.empty()) found = first_due(TriggerRunStatus::running);
  if (found.empty()) return std::nullopt;
  TriggerRun run = std::move(found.front());
  const bool taken_over = run.status == TriggerRunStatus::running;
  std::int64_t most = 1;
  std::optional<std::string> missing;
  try {
    const TriggerDefinition definition = read_trigger(run.definition);
    most = definition.max_attempts;
    missing = missing_tool(definition);
  } catch (const Error&) {  // carrying it out will say so
  }
  if (missing && !(taken_over && run.attempts >= most)) {
    put_off(operation, run, *missing);
    operation.commit();
    return run;
  }
  due_since_ = run.due_at;
  ++run.attempts;
  run.worker = worker_.name;
  run.status = TriggerRunStatus::running;
  run.due_at = lease_end(operation.by_clock());
  operation.transaction().update_records(
      RecordTable::trigger_runs, {{"id", {}, run.id.str()}},
      {{"attempts", run.attempts}, {"worker", *run.worker}, {"due_at", run.due_at}, {"status", to_value(run.status)}});
  operation.commit();
  return run;
}

std::optional<std::string> TriggerRunner::missing_tool(const TriggerDefinition& definition) const {
  for (const TriggerDefinition::Step& step : definition.steps)
    if (!is_built_in_tool(step.tool) && !worker_.tools.contains(step.tool)) return step.tool;
  return std::nullopt;
}

// A run that no worker can carry out is looked at more and more seldom, so that many of them cost little; one that has
// the tool finds it within the longest pause.
void TriggerRunner::put_off(GuardedOperation& operation, TriggerRun& run, const std::string& tool) {
  constexpr Timestamp shortest = 10'000, longest = 600'000;
  const Timestamp now = operation.by_clock();
  run.status = TriggerRunStatus::pending;
  run.error = fmt::format("{}`{}`", waits_for_tool, tool);
  // A run that is half done waits for its turn only, and its worker is at hand.
  const Timestamp pause = run.steps.empty() ? std::clamp(now - run.created_at, shortest, longest) : shortest;
  run.due_at = saturating_add(now, pause);
  operation.transaction().update_records(
      RecordTable::trigger_runs, {{"id", {}, run.id.str()}},
      {{"status", to_value(run.status)}, {"error", *run.error}, {"due_at", run.due_at}});
}

bool TriggerRunner::carry_out(TriggerRun& run, const ActorContext& actor, const TriggerDefinition& definition) {
  auto end_of_turn = deadline_after(worker_.options.turn);
  Json values{{"trigger", run.input}, {"steps", Json::object()}};
  for (std::size_t i = 0; i < run.steps.size(); ++i)
    values["steps"][definition.steps.at(i).name] = run.steps[i].at("result");
  for (bool is_first = true; run.steps.size() < definition.steps.size(); is_first = false) {
    if (!is_first && std::chrono::steady_clock::now() >= end_of_turn) {
      if (end_turn(run, actor)) return false;
      end_of_turn = deadline_after(worker_.options.turn);
    }
    const TriggerDefinition::Step& step = definition.steps[run.steps.size()];
    const Json arguments = filled_in(step.arguments, values);
    const bool writes = is_built_in_tool(step.tool) && !is_reading_tool(step.tool);
    Json result;
    if (!writes) result = result_of(run, actor, step, arguments);
    // The effect of a built-in tool and the record of the step are one transaction.
    auto steps = retried([&] {
      GuardedOperation operation(engine_, actor, Access::write);
      if (writes) result = call_built_in_tool(operation, step.tool, arguments, worker_.options.query_timeout);
      require_small(step.name, result, run.steps);
      auto taken = run.steps;
      taken.push_back({{"name", step.name}, {"tool", step.tool}, {"result", result}});
      RecordChanges changes{{"steps", to_value(taken)}, {"error", RecordValue()}};
      if (taken.size() == definition.steps.size()) {
        changes.emplace_back("status", to_value(TriggerRunStatus::completed));
        changes.emplace_back("due_at", operation.by_clock());
        changes.emplace_back("finished_at", operation.now());
      } else {
        changes.emplace_back("due_at", lease_end(operation.by_clock()));
      }
      record(operation.transaction(), run, std::move(changes));
      operation.commit();
      return taken;
    });
    run.steps = std::move(steps);
    values["steps"][step.name] = std::move(result);
  }
  return true;
}

Json TriggerRunner::result_of(const TriggerRun& run, const ActorContext& actor, const TriggerDefinition::Step& step,
                              const Json& arguments) {
  if (!is_built_in_tool(step.tool)) return call_host_tool(run, actor, step, arguments);
  return retried([&] {
    GuardedOperation operation(engine_, actor, Access::read);
    // Not for longer than the lease: this thread cannot renew it meanwhile.
    return call_built_in_tool(operation, step.tool, arguments,
                              std::min(worker_.options.query_timeout, worker_.options.lease / 2));
  });
}

bool TriggerRunner::end_turn(const TriggerRun& run, const ActorContext& actor) {
  try {
    const auto due = engine_.storage->scopes_with_due_runs(engine_.clock->now());
    const bool others_wait = std::ranges::any_of(due, [&](const auto& scope) {
      const auto& [organization, environment] = scope;
      return worker_.options.serves(organization, environment) &&
             (organization != actor_.organization() || environment != actor_.environment());
    });
    if (!others_wait) return false;
    GuardedOperation operation(engine_, actor, Access::brief_write);
    record(operation.transaction(), run,
           {{"status", to_value(TriggerRunStatus::pending)}, {"due_at", due_since_}, {"attempts", run.attempts - 1}});
    operation.commit();
    return true;
  } catch (const Error&) {  // the storage is busy: the run goes on, and its next step says so if it has lost its lease
    return false;
  }
}

void TriggerRunner::fail(const TriggerRun& run, const std::string& why, bool may_retry,
                         const TriggerDefinition* definition, TriggerWork& work) {
  const bool again = may_retry && definition && run.attempts < definition->max_attempts;
  const bool is_recorded = retried([&] { return record_failure(run, why, again, definition); });
  if (is_recorded) ++(again ? work.failed : work.dead);
}

// False if the run is another worker's by now.
bool TriggerRunner::record_failure(const TriggerRun& run, const std::string& why, bool again,
                                   const TriggerDefinition* definition) {
  const ActorContext actor = in_trace_of(run, actor_);
  GuardedOperation operation(engine_, actor, Access::brief_write);
  RecordChanges changes{{"error", storable(why)}};
  if (again) {
    changes.emplace_back("status", to_value(TriggerRunStatus::pending));
    changes.emplace_back("due_at", saturating_add(operation.by_clock(), backoff(*definition, run.attempts)));
  } else {
    changes.emplace_back("status", to_value(TriggerRunStatus::dead));
    changes.emplace_back("due_at", operation.by_clock());
    changes.emplace_back("finished_at", operation.now());
  }
  try {
    record(operation.transaction(), run, std::move(changes));
  } catch (const LeaseLost&) {
    return false;
  }
  if (!again) record_death(operation, run);
  operation.commit();
  return true;
}

void TriggerRunner::record(Transaction& transaction, const TriggerRun& run, const RecordChanges& changes) {
  const auto changed = transaction.update_records(RecordTable::trigger_runs,
                                                  {{"id", {}, run.id.str()},
                                                   {"status", {}, to_value(TriggerRunStatus::running)},
                                                   {"worker", {}, worker_.name},
                                                   {"attempts", {}, run.attempts}},
                                                  changes);
  if (changed == 0) throw LeaseLost();
}

Json TriggerRunner::call_host_tool(const TriggerRun& run, const ActorContext& actor,
                                   const TriggerDefinition::Step& step, const Json& arguments) {
  const auto tool = worker_.tools.find(step.tool);
  if (tool == worker_.tools.end())
    throw Error(ErrorCode::not_found, fmt::format("no tool `{}` was added to this worker", step.tool));
  std::stop_source in_vain;
  const std::stop_callback passed_on(stop_, [&] { in_vain.request_stop(); });
  const Renewal renewal(worker_.options.lease / 3, [&] {
    try {
      const auto transaction = engine_.storage->begin(actor_.scope(), Access::brief_write);
      record(*transaction, run, {{"due_at", lease_end(engine_.clock->now())}});
      transaction->commit();
    } catch (const LeaseLost&) {  // noticed again when the tool returns
      in_vain.request_stop();
    } catch (...) {  // tried again at the next interval
    }
  });
  const Session session(Caller(authority(), worker_.engine, actor));
  Json result = tool->second({session, arguments, run, run.steps.size(), in_vain.get_token()});
  JsonFault fault;
  const auto text = canonical_json(result, fault);
  if (!text) throw Error(ErrorCode::invalid_data, "the answer of the tool cannot be stored: " + fault.message);
  return result;
}

}  // namespace struere
