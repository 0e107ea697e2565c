// Does what triggers ask for: claims runs that are due, in all scopes, and carries out their steps.
//
// Any number of workers may be at it, in any number of processes: a run is claimed by one, in a transaction, and taken
// over by another when its worker is gone for longer than the lease. The built-in tools change data and write down that
// they did in one transaction, so that they happen once, whatever dies. A tool of the host's own is called again when
// the process dies between its return and the note of it: use the run's id and the step as its idempotency key.
//
// Built in: entity.create {type, data[, status]}, entity.get {type, id}, entity.query {type[, where, search, limit]},
// entity.update {type, id, data[, status]}, entity.delete {type, id}, event.emit {type[, payload, entityId]}.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "struere/core/json.hpp"
#include "struere/model/trigger.hpp"
#include "struere/repository/database.hpp"

namespace STRUERE_API struere {

// What a tool of the host is called with.
struct ToolCall {
  const Session& session;  // of the system actor of the run's own scope
  const Json& arguments;   // placeholders filled in
  const TriggerRun& run;
  std::size_t step;  // from 0
  // Requested when the worker is to stop, and when another worker has taken the run over: what the tool does from then
  // on is in vain.
  std::stop_token stop = {};
};

// What it answers, at most 1 MiB of canonical text (8 MiB in all steps), is there for later steps. An exception of any
// type fails the attempt; the what() of a std::exception becomes the run's error.
using TriggerTool = std::function<Json(const ToolCall& call)>;

struct TriggerWorkerOptions {
  std::chrono::milliseconds lease{60'000};  // renewed while a tool is at work
  std::chrono::milliseconds poll_interval{1000};
  // Scopes take turns. A run whose steps have taken so long leaves its further steps to the next turn of its scope, if
  // runs of other scopes are due.
  std::chrono::milliseconds turn{500};
  // An `entity.query` that takes longer, or half of the lease, fails its attempt.
  std::chrono::milliseconds query_timeout{10'000};
  // Only runs of this organization, and of this environment; nullopt: of all.
  std::optional<OrganizationId> organization = {};
  std::optional<Environment> environment = {};
  // Called in the thread that start() began, for each attempt to look for runs that fails, of the storage say.
  std::function<void(const std::exception& failure)> on_failure = {};
  // Called in the worker's thread each time that a run waits because this worker lacks one of its tools, which the
  // run's `error` names. A worker that has the tool carries it out.
  std::function<void(const OrganizationId& organization, Environment environment, const TriggerRun& run)>
      on_missing_tool = {};

  bool serves(const OrganizationId& id, Environment one) const {
    return (!organization || *organization == id) && (!environment || *environment == one);
  }
};

struct TriggerWork {
  std::size_t completed = 0;
  std::size_t failed = 0;  // attempts that will be repeated
  std::size_t dead = 0;

  std::size_t attempts() const noexcept { return completed + failed + dead; }
};

struct TriggerWorkerState;

class TriggerWorker {
 public:
  explicit TriggerWorker(Database database, TriggerWorkerOptions options = {});
  ~TriggerWorker();  // stops
  TriggerWorker(const TriggerWorker&) = delete;
  TriggerWorker& operator=(const TriggerWorker&) = delete;

  // Before the worker is at work. Throws Error{conflict} for a name that is taken or built in,
  // Error{invalid_data} for an empty name or function.
  void add_tool(const std::string& name, TriggerTool tool);

  // Does all that is due, what comes due by it included, and returns; earlier, after the turn at hand, if `stop` is
  // requested. Scopes take turns: a run each, or as many of its steps as TriggerWorkerOptions::turn allows. Throws
  // Error{storage}; a run that fails does not. Throws Error{conflict} inside of a transaction of this database.
  TriggerWork run_due(const std::stop_token& stop = {});

  // Calls run_due in a thread of its own, again and again, until stop() has returned. A storage that fails is tried
  // again at the next interval. stop() requests the stop of the tool that is at work, and waits for its run. A tool
  // cannot wait for itself: in a tool that this thread runs, stop() throws Error{conflict}, and the worker must not be
  // destroyed.
  void start();
  void stop();

 private:
  std::unique_ptr<TriggerWorkerState> state_;
};

}  // namespace struere
