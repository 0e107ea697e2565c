// Denials on their way into the log (SPEC 7): equal ones of one actor within a minute become one event with their
// `count`.
//
// They are counted in memory, so that a denied call costs no commit, and written when their minute is over, when the
// log is asked for them and when the database is closed. A killed process loses those of its last minute. A scope holds
// at most `most_kinds` of them: what comes on top is counted by actor and action, without its resource and id.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>

#include "core/mutex.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

class DenialLog {
 public:
  // All must outlive it.
  DenialLog(Storage& storage, const Clock& clock, IdSource& ids) : storage_(storage), clock_(clock), ids_(ids) {}
  ~DenialLog();
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;

  // `denial` is the payload of the event, without a count. Safe to call from many threads.
  void add(const ActorContext& actor, const Json& denial);

  // Writes what was counted in the scope. Keeps it, if the storage fails.
  void write(const Scope& scope) noexcept;

 private:
  // The actor's type and id, the denial's text, and the actor that acted as that one.
  using Kind = std::tuple<ActorType, std::string, std::string, std::string>;

  struct Counted {
    ActorContext actor;
    Json denial;
    std::int64_t count = 0;
    Timestamp since = 0;
  };
  struct Minute {
    std::map<Kind, Counted> kinds;
    Timestamp begun = 0;
    std::chrono::steady_clock::time_point due;
  };

  void start_writer() STRUERE_REQUIRES(mutex_);
  void write_when_due(const std::stop_token& stop);
  void append(const Scope& scope, std::map<Kind, Counted>& kinds);  // leaves those that were not written
  void put_back(const Scope& scope, Minute minute);

  Storage& storage_;
  const Clock& clock_;
  IdSource& ids_;
  Mutex mutex_;
  std::condition_variable_any changed_;  // waits with mutex_
  std::map<Scope, Minute, ScopeOrder> scopes_ STRUERE_GUARDED_BY(mutex_);
  std::jthread writer_ STRUERE_GUARDED_BY(mutex_);      // from the first denial on
  std::uint64_t forks_ STRUERE_GUARDED_BY(mutex_) = 0;  // that started it: it does not survive a fork
};

}  // namespace struere
