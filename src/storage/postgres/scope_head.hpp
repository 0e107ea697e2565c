// What changes with each write of a scope: the row whose lock is the order of the scope's writers.
#pragma once

#include <cstdint>

#include "core/digest.hpp"
#include "storage/postgres/work.hpp"
#include "struere/model/event.hpp"

namespace struere::postgres {

// By chance, so that a backup that was restored, and changed in another way since, does not come to a generation that
// somebody knows from before: 1 to 2^32, of which 63 bits hold over two thousand million.
inline std::int64_t generation_step() { return 1 + static_cast<std::int64_t>(random_number() >> 32U); }

class ScopeHead {
 public:
  // A reader's generation() comes from Work, the rest is read with the first use. A write reads all of it at once, and
  // locks it until the transaction ends. Throws Error{storage} if another writer holds it for longer than the lock
  // timeout.
  ScopeHead(Work& work, std::int64_t scope) : work_(work), scope_(scope) {}
  void lock();
  // The same in two steps, so that more is asked along with it: queued, then taken when somebody has waited for it.
  Connection::Ticket queue_lock();
  void take_lock(const Result& row) { parse(row); }
  // Queues what was changed.
  void save();

  // Whether generation() asks the server nothing.
  bool is_known() { return is_read_ || work_.generation(); }
  std::uint64_t generation();
  ChainHead chain_head() { return read().end; }
  Timestamp last_time();
  ChainHead log_start() { return read().start; }

  void count_generation() { changed().generation += generation_step(); }
  void set_chain_head(const ChainHead& end, Timestamp at);
  void note_time(Timestamp at) { changed().written_at = at; }
  void set_log_start(const ChainHead& start) { changed().start = start; }

 private:
  struct Values {
    std::int64_t generation = 0;
    ChainHead end, start;
    Timestamp event_time = 0, written_at = 0;
  };
  const Values& read();
  Values& changed();
  void parse(const Result& row);

  Work& work_;
  std::int64_t scope_;
  Values values_;
  bool is_read_ = false, is_changed_ = false;
};

}  // namespace struere::postgres
