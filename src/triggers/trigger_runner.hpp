// Claims the runs of one scope and carries them out, for one worker.
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

// What the runs of one worker share.
struct TriggerWorkerState {
  Database database;
  std::shared_ptr<Engine> engine;
  TriggerWorkerOptions options;
  std::string name;  // of this worker, unlike any other's
  std::map<std::string, TriggerTool, std::less<>> tools;
  std::jthread thread;

  TriggerWork run(const std::stop_token& stop);  // stops between two runs
};

class TriggerRunner {
 public:
  TriggerRunner(TriggerWorkerState& worker, const ActorContext& scope_actor, const std::stop_token& stop)
      : worker_(worker), engine_(*worker.engine), actor_(scope_actor), stop_(stop) {}

  // Takes the run that has been due for longest, if there is one, and does what can be done of it.
  bool run_one(TriggerWork& work);

 private:
  // The claimed run, or one that was found dead: its last worker died too often.
  std::optional<TriggerRun> claim(TriggerWork& work);
  void carry_out(TriggerRun& run, const ActorContext& actor, const TriggerDefinition& definition);
  void fail(const TriggerRun& run, const std::string& why, bool may_retry, const TriggerDefinition* definition,
            TriggerWork& work);
  // Changes the run if it is still this worker's; LeaseLost otherwise.
  void record(Transaction& transaction, const TriggerRun& run, RecordChanges changes);
  Json call_host_tool(const TriggerRun& run, const ActorContext& actor, const TriggerDefinition::Step& step,
                      const Json& arguments);
  Timestamp lease_end(Timestamp now) const { return saturating_add(now, worker_.options.lease.count()); }

  TriggerWorkerState& worker_;
  Engine& engine_;
  ActorContext actor_;  // the system of the scope
  const std::stop_token& stop_;
};

}  // namespace struere
