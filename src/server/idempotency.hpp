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

namespace struere::server {

// In the memory of the process: for a day, or until it ends or the bounds are reached.
class IdempotentAnswers {
 public:
  struct Bounds {
    std::size_t keys = 20'000;
    std::size_t keys_of_actor = 2'000;
    std::size_t bytes = 64 << 20;
    std::size_t bytes_of_answer = 1 << 20;
    std::chrono::hours time{24};
  };

  IdempotentAnswers() = default;
  explicit IdempotentAnswers(Bounds bounds) : bounds_(bounds) {}

  // `actor` names the scope as well; `fingerprint` is everything that makes the request; `lost_answer` is the route's.
  // Runs `work` and keeps its answer if it is a success, or returns the answer that is kept. An answer of a route with
  // `lost_answer` is not kept, only that the request was carried out. Throws Refusal: 422 if the key was used for
  // another request, 409 while the first one runs and if its answer was not kept, 400 for a key of more than 200
  // characters.
  Response once(const std::string& actor, const std::string& key, const std::string& fingerprint,
                const std::string& lost_answer, const std::function<Response()>& work);
  std::size_t bytes_of_answers() const;  // that are kept, in all

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

  std::optional<Response> begin(const std::string& actor, const std::string& key, const std::string& fingerprint,
                                const std::string& lost_answer);
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
