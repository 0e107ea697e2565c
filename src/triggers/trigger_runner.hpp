// Claims the runs of one scope and executes them, for one worker.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/deadline.hpp"
#include "repository/engine.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/triggers/trigger_worker.hpp"
#include "triggers/trigger_definition.hpp"

namespace struere {

// The state that all runs of one worker share.
struct TriggerWorkerState {
  Database database;
  std::shared_ptr<Engine> engine;
  TriggerWorkerOptions options;
  std::string name;  // of this worker, unlike any other's
  std::map<std::string, TriggerTool, std::less<>> tools;
  std::jthread thread;

  TriggerWork run(const std::stop_token& stop);  // stops between two turns
};

class TriggerRunner {
 public:
  TriggerRunner(TriggerWorkerState& worker, const ActorContext& scope_actor, const std::stop_token& stop)
      : worker_(worker), engine_(*worker.engine), actor_(scope_actor), stop_(stop) {}

  // Claims the pending run that has been due longest, or else a run whose lease has ended, and executes its steps, as
  // many as begin within a turn; puts it off if this worker lacks one of its tools.
  // Returns false if no run is due.
  bool run_one(TriggerWork& work);

 private:
  // The claimed run, or one that was put off and is pending.
  std::optional<TriggerRun> claim();
  // The first tool of the steps that this worker does not have.
  std::optional<std::string> missing_tool(const TriggerDefinition& definition) const;
  // Leaves the run to a worker that has the tool.
  static void put_off(GuardedOperation& operation, TriggerRun& run, const std::string& tool);
  // False if steps are left that wait for the scope's next turn.
  bool carry_out(TriggerRun& run, const ActorContext& actor, const TriggerDefinition& definition);
  Json result_of(const TriggerRun& run, const ActorContext& actor, const TriggerDefinition::Step& step,
                 const Json& arguments);
  // If runs of other scopes are due, leaves the remaining steps to the scope's next turn, in whichever worker, and
  // returns true. It does not count as an attempt.
  bool end_turn(const TriggerRun& run, const ActorContext& actor);
  void fail(const TriggerRun& run, const std::string& why, bool may_retry, const TriggerDefinition* definition,
            TriggerWork& work);
  // Returns false if the run belongs to another worker by now.
  bool record_failure(const TriggerRun& run, const std::string& why, bool again, const TriggerDefinition* definition);
  // Changes the run if this worker still holds its lease; otherwise throws LeaseLost.
  void record(Transaction& transaction, const TriggerRun& run, const RecordChanges& changes);
  Json call_host_tool(const TriggerRun& run, const ActorContext& actor, const TriggerDefinition::Step& step,
                      const Json& arguments);
  Timestamp lease_end(Timestamp now) const { return saturating_add(now, worker_.options.lease.count()); }

  TriggerWorkerState& worker_;
  Engine& engine_;
  ActorContext actor_;       // the system of the scope
  Timestamp due_since_ = 0;  // of the claimed run, before its lease
  const std::stop_token& stop_;
};

}  // namespace struere
