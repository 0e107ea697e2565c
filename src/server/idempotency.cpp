#include "server/idempotency.hpp"

#include <algorithm>

#include "server/refusal.hpp"

namespace struere::server {
namespace {

Response copy_of(const Response& answer) {
  Response out;
  out.status = answer.status;
  out.body = answer.body;
  out.content_type = answer.content_type;
  out.headers = answer.headers;
  out.code = answer.code;
  return out;
}

}  // namespace

Response IdempotentAnswers::once(const std::string& actor, const std::string& key, const std::string& fingerprint,
                                 const std::string& lost_answer, const std::function<Response()>& work) {
  if (key.empty() || key.size() > 200)
    throw Refusal(400, "malformed_request", "Idempotency-Key must have 1 to 200 characters");
  if (auto kept = begin(actor, key, fingerprint, lost_answer)) return *std::move(kept);
  try {
    Response out = work();
    const bool is_success = out.status >= 200 && out.status < 300 && !out.stream;
    finish(actor, key,
           !is_success            ? Outcome::failed
           : !lost_answer.empty() ? Outcome::done_without_answer
                                  : Outcome::done,
           out);
    return out;
  } catch (...) {
    finish(actor, key, Outcome::failed, {});
    throw;
  }
}

std::size_t IdempotentAnswers::bytes_of_answers() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::optional<Response> IdempotentAnswers::begin(const std::string& actor, const std::string& key,
                                                 const std::string& fingerprint, const std::string& lost_answer) {
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  auto& own = by_actor_[actor];
  if (const auto found = own.find(key); found != own.end()) {
    const Entry& entry = *found->second;
    if (entry.is_running)
      throw Refusal(409, "conflict", "the first request with this Idempotency-Key still runs", {{"Retry-After", "1"}});
    if (now - entry.begun < bounds_.time) {
      if (entry.fingerprint != fingerprint)
        throw Refusal(422, "idempotency_key_reused",
                      "this Idempotency-Key was used for another request; take a new one");
      if (!entry.has_answer)
        throw Refusal(409, "conflict",
                      "the first request with this Idempotency-Key was carried out, and its answer was not kept: " +
                          (lost_answer.empty() ? "it was too large" : "it held a secret. " + lost_answer));
      Response out = copy_of(entry.answer);
      out.headers.emplace_back("Idempotency-Replayed", "true");
      return out;
    }
    forget(found->second);
  }
  make_room(actor);
  Entry& entry = entries_.emplace_back();
  entry.actor = actor;
  entry.key = key;
  entry.fingerprint = fingerprint;
  entry.begun = now;
  by_actor_[actor].emplace(key, std::prev(entries_.end()));
  return std::nullopt;
}

void IdempotentAnswers::finish(const std::string& actor, const std::string& key, Outcome outcome,
                               const Response& answer) {
  const std::lock_guard lock(mutex_);
  const auto entry = by_actor_.at(actor).at(key);
  if (outcome == Outcome::failed) return forget(entry);  // nothing happened, so that it may be tried again
  entry->is_running = false;
  if (outcome == Outcome::done_without_answer || answer.body.size() > bounds_.bytes_of_answer) return;
  entry->has_answer = true;
  entry->answer = copy_of(answer);
  entry->bytes = answer.body.size() + 512;
  bytes_ += entry->bytes;
}

void IdempotentAnswers::forget(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  const auto own = by_actor_.find(entry->actor);
  own->second.erase(entry->key);
  if (own->second.empty()) by_actor_.erase(own);
  entries_.erase(entry);
}

// The oldest go first: those of the actor if it has its share. A request that runs stays.
void IdempotentAnswers::make_room(const std::string& actor) {
  const auto oldest = [&](bool own) {
    return std::ranges::find_if(
        entries_, [&](const Entry& entry) { return !entry.is_running && (!own || entry.actor == actor); });
  };
  const auto own_count = [&] {
    const auto own = by_actor_.find(actor);
    return own == by_actor_.end() ? 0 : own->second.size();
  };
  while (own_count() >= bounds_.keys_of_actor) {
    const auto entry = oldest(true);
    if (entry == entries_.end())
      throw Refusal(429, "limit", "too many requests with an Idempotency-Key run at once", {{"Retry-After", "1"}});
    forget(entry);
  }
  while (entries_.size() >= bounds_.keys || bytes_ > bounds_.bytes) {
    const auto entry = oldest(false);
    if (entry == entries_.end())
      throw Refusal(429, "limit", "too many requests with an Idempotency-Key run at once", {{"Retry-After", "1"}});
    forget(entry);
  }
}

}  // namespace struere::server
