// Claims the runs of one scope and carries them out, for one worker.
#pragma once

#include <optional>

#include "repository/engine.hpp"
#include "repository/guarded_operation.hpp"
#include "repository/trigger_definition.hpp"
#include "struere/lifecycle/trigger_worker.hpp"

namespace struere {

class TriggerRunner {
 public:
  TriggerRunner(TriggerWorker& worker, const ActorContext& scope_actor, const std::stop_token& stop)
      : worker_(worker), engine_(*worker.database_.engine_), actor_(scope_actor), stop_(stop) {}

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
  Timestamp lease_end(Timestamp now) const { return now + worker_.options_.lease.count(); }

  TriggerWorker& worker_;
  Engine& engine_;
  ActorContext actor_;  // the system of the scope
  const std::stop_token& stop_;
};

}  // namespace struere
