#include "struere/triggers/trigger_worker.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "core/authority.hpp"
#include "repository/unit_of_work.hpp"
#include "triggers/built_in_tools.hpp"
#include "triggers/trigger_actors.hpp"
#include "triggers/trigger_runner.hpp"

namespace struere {
namespace {

thread_local const TriggerWorkerState* worker_of_this_thread = nullptr;

// Limits durations that would overflow a time when added to it.
TriggerWorkerOptions within_reason(TriggerWorkerOptions options) {
  using std::chrono::milliseconds;
  constexpr milliseconds longest_lease = std::chrono::hours(24 * 365), longest_pause = std::chrono::hours(1);
  options.lease = std::clamp(options.lease, milliseconds(1), longest_lease);
  options.poll_interval = std::clamp(options.poll_interval, milliseconds(1), longest_pause);
  return options;
}

}  // namespace

TriggerWorker::TriggerWorker(Database database, TriggerWorkerOptions options) {
  auto engine = database.shared_engine(authority());
  state_ = std::make_unique<TriggerWorkerState>(TriggerWorkerState{std::move(database),
                                                                   std::move(engine),
                                                                   within_reason(std::move(options)),
                                                                   uuid_source().next(system_clock().now()),
                                                                   {},
                                                                   {}});
}

TriggerWorker::~TriggerWorker() { stop(); }

void TriggerWorker::add_tool(const std::string& name, TriggerTool tool) {
  if (name.empty() || !tool) throw Error(ErrorCode::invalid_data, "a tool has a name and a function; give both");
  if (is_built_in_tool(name) || !state_->tools.emplace(name, std::move(tool)).second)
    throw Error(ErrorCode::conflict, "there is a tool of this name; choose another");
}

TriggerWork TriggerWorker::run_due(const std::stop_token& stop) { return state_->run(stop); }

TriggerWork TriggerWorkerState::run(const std::stop_token& stop) {
  require_no_unit(*engine);
  TriggerWork work;
  while (true) {
    bool ran = false;
    // A turn of each scope after the other, so that no scope waits for all runs of another one.
    for (const auto& [organization, environment] : engine->storage->scopes_with_due_runs(engine->clock->now())) {
      if (stop.stop_requested()) return work;
      if (!options.serves(organization, environment)) continue;
      ran = TriggerRunner(*this, TriggerActors::system_actor(organization, environment, 0), stop).run_one(work) || ran;
    }
    if (!ran) return work;
  }
}

void TriggerWorker::start() {
  if (state_->thread.joinable()) return;
  state_->thread = std::jthread([state = state_.get()](const std::stop_token& stop) {
    worker_of_this_thread = state;
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      try {
        state->run(stop);
      } catch (const std::exception& failure) {  // a full disk, a lock that was held too long: what is due stays due
        try {
          if (state->options.on_failure) state->options.on_failure(failure);
        } catch (...) {  // the host's own, which must not end the worker
        }
      } catch (...) {
      }
      wake.wait_for(lock, stop, state->options.poll_interval, [] { return false; });
    }
  });
}

void TriggerWorker::stop() {
  if (worker_of_this_thread == state_.get())
    throw Error(ErrorCode::conflict, "a tool cannot stop its own worker; call stop() on another thread after the run");
  state_->thread.request_stop();
  if (state_->thread.joinable()) state_->thread.join();
  state_->thread = std::jthread();
}

}  // namespace struere
