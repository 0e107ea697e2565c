// Answers that are kept by `Idempotency-Key`, so that a POST that is sent again is not carried out again.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "server/response.hpp"
#include "server/route.hpp"
#include "struere/repository/session.hpp"

namespace struere::server {

// Where an answer is kept is the route's (Route::idempotency): in the database, by the commit of the write
// (Session::once), or in the memory of the process, for a day, or until it ends or the bounds are reached.
class IdempotentAnswers {
 public:
  struct Bounds {  // of those in memory; an organization has at most half of `keys` and of `bytes`
    std::size_t keys = 20'000;
    std::size_t keys_of_actor = 2'000;
    std::size_t bytes = 64 << 20;
    std::size_t bytes_of_answer = 1 << 20;
    std::chrono::hours time{24};
  };
  struct Asker {
    std::string organization;
    std::string actor;  // with its environment
  };
  // Carries the request out with this session, which is that of a unit of work where `is_unit`. Sets `has_written` once
  // a part of it is committed that a later failure does not undo.
  using Work = std::function<Response(const Session& session, bool is_unit, bool& has_written)>;

  IdempotentAnswers() = default;
  explicit IdempotentAnswers(Bounds bounds) : bounds_(bounds) {}

  // Runs `work` and keeps its answer if it is a success, or returns the answer that is kept. Throws Refusal: 422 if the
  // key was used for another request, 409 if the answer was not kept or, of a route in_process, while the first request
  // runs or if it failed after a part of it may have been written, 400 for a key of more than 200 characters.
  Response once(const Route& route, const Session& session, const OnceKey& key, const Work& work);

  // In memory. An answer of a route with `lost_answer` is not kept, only that the request was carried out.
  //
  // If there is no room for one more, the organization that holds the most loses its oldest: one that holds no more
  // than an equal part loses none to the requests of another.
  // `has_written` says, after a failure of `work`, that a part of it was written all the same: it is not run again
  // then, and neither after an error that leaves this open.
  Response once_in_process(const Asker& asker, const OnceKey& key, const std::string& lost_answer,
                           const std::function<Response()>& work, const bool* has_written = nullptr);
  std::size_t bytes_of_answers() const;  // that are kept in memory, in all

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Entry {
    std::string actor, key, fingerprint;
    Time begun;
    bool is_running = true, has_answer = false, is_partly_written = false;
    Response answer;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // the oldest first
  struct Held {                      // by one organization
    Entries entries;
    std::map<std::string, std::map<std::string, Entries::iterator>> by_actor;
    std::size_t bytes = 0;
  };
  using Owners = std::map<std::string, Held>;  // by the organization's id

  enum class Outcome { failed, partly_written, done, done_without_answer };

  std::optional<Response> begin(const Asker& asker, const OnceKey& key, const std::string& lost_answer);
  void finish(const Asker& asker, const std::string& key, Outcome outcome, const Response& answer);
  static Entries::iterator find(Held& held, const std::string& actor, const std::string& key);
  void forget(Held& held, Entries::iterator entry);
  bool forget_oldest(Held& held, const std::string* actor);  // of the actor, or of all; false if all of them run
  void make_room(const Asker& asker);

  Bounds bounds_;
  mutable std::mutex mutex_;
  Owners owners_;  // those that hold any
  std::size_t keys_ = 0, bytes_ = 0;
};

}  // namespace struere::server
