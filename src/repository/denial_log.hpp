// Counts denials before they are written to the log (SPEC 7): equal denials of one actor within a minute become one
// event with their `count`.
//
// They are counted in memory, so that a denied call costs no commit. They are written when their minute is over, when
// a caller reads denials from the log, and when the database is closed. If the process is killed, the denials of its
// last minute are lost. A count is never written twice: after a commit whose outcome is unknown, the log is asked for
// its events before they are written again. A scope holds at most `most_kinds` kinds; further denials are counted by
// actor and action only, without resource and id.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "core/mutex.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/core/json.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

class DenialLog {
 public:
  // All three must outlive this object.
  DenialLog(Storage& storage, const Clock& clock, IdSource& ids) : storage_(storage), clock_(clock), ids_(ids) {}
  ~DenialLog();
  DenialLog(const DenialLog&) = delete;
  DenialLog& operator=(const DenialLog&) = delete;

  // `denial` is the payload of the event, without a count. Safe to call from many threads.
  void add(const ActorContext& actor, const Json& denial);

  // Writes the denials counted in the scope. Keeps them if the storage fails.
  void write(const Scope& scope) noexcept;

 private:
  // The actor's type and id, the text of the denial, and the actor that impersonates this one, if there is one.
  using Kind = std::tuple<ActorType, std::string, std::string, std::string>;

  struct Counted {
    ActorContext actor;
    Json denial;
    std::int64_t count = 0;
    Timestamp since = 0;
  };
  using Counts = std::map<Kind, Counted>;
  // What a transaction wrote, until it is known to be in the log.
  struct Attempt {
    Counts kinds;
    ChainHead end;  // of the log, if it was committed
  };
  struct Minute {
    Counts kinds;
    std::vector<Attempt> attempts = {};  // more than one only if several threads wrote at once, and all failed
    Timestamp begun = 0;
    std::chrono::steady_clock::time_point due;
  };

  void start_writer() STRUERE_REQUIRES(mutex_);
  void write_when_due(const std::stop_token& stop);
  void append(const Scope& scope, Minute& minute);  // erases the denials that it has written
  void put_back(const Scope& scope, const Minute& minute);
  static void add_counts(Counts& to, const Counts& more);

  Storage& storage_;
  const Clock& clock_;
  IdSource& ids_;
  Mutex mutex_;
  std::condition_variable_any changed_;  // waits with mutex_
  std::map<Scope, Minute, ScopeOrder> scopes_ STRUERE_GUARDED_BY(mutex_);
  std::jthread writer_ STRUERE_GUARDED_BY(mutex_);      // started by the first denial
  std::uint64_t forks_ STRUERE_GUARDED_BY(mutex_) = 0;  // fork_count() when it was started; the thread does not
                                                        // survive a fork
};

}  // namespace struere
