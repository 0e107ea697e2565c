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
  struct Bounds {  // of those in memory
    std::size_t keys = 20'000;
    std::size_t keys_of_actor = 2'000;
    std::size_t bytes = 64 << 20;
    std::size_t bytes_of_answer = 1 << 20;
    std::chrono::hours time{24};
  };
  // Carries the request out with this session, which is that of a unit of work where `is_unit`.
  using Work = std::function<Response(const Session& session, bool is_unit)>;

  IdempotentAnswers() = default;
  explicit IdempotentAnswers(Bounds bounds) : bounds_(bounds) {}

  // Runs `work` and keeps its answer if it is a success, or returns the answer that is kept. Throws Refusal: 422 if the
  // key was used for another request, 409 if the answer was not kept or, of a route in_process, while the first request
  // runs, 400 for a key of more than 200 characters.
  Response once(const Route& route, const Session& session, const OnceKey& key, const Work& work);

  // In memory. `actor` names the scope as well. An answer of a route with `lost_answer` is not kept, only that the
  // request was carried out.
  Response once_in_process(const std::string& actor, const OnceKey& key, const std::string& lost_answer,
                           const std::function<Response()>& work);
  std::size_t bytes_of_answers() const;  // that are kept in memory, in all

 private:
  using Time = std::chrono::steady_clock::time_point;

  struct Entry {
    std::string actor, key, fingerprint;
    Time begun;
    bool is_running = true, has_answer = false;
    Response answer;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // the oldest first

  enum class Outcome { failed, done, done_without_answer };

  std::optional<Response> begin(const std::string& actor, const OnceKey& key, const std::string& lost_answer);
  void finish(const std::string& actor, const std::string& key, Outcome outcome, const Response& answer);
  void forget(Entries::iterator entry);
  void make_room(const std::string& actor);

  Bounds bounds_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::map<std::string, std::map<std::string, Entries::iterator>> by_actor_;
  std::size_t bytes_ = 0;
};

}  // namespace struere::server
