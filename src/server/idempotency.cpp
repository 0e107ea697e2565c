#include "server/idempotency.hpp"

#include <algorithm>
#include <stdexcept>

#include "server/refusal.hpp"
#include "struere/core/error.hpp"

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

Response repeated(Response answer) {
  answer.headers.emplace_back("Idempotency-Replayed", "true");
  return answer;
}

bool is_success(const Response& answer) { return answer.status >= 200 && answer.status < 300 && !answer.stream; }

void require_key(const std::string& key) {
  if (key.empty() || key.size() > 200)
    throw Refusal(400, "malformed_request", "Idempotency-Key must have 1 to 200 characters");
}

[[noreturn]] void refuse_other_request() {
  throw Refusal(422, "idempotency_key_reused", "this Idempotency-Key was used for another request; take a new one");
}

Json kept_form(const Response& answer) {
  Json headers = Json::array();
  for (const auto& [name, value] : answer.headers) headers.push_back({name, value});
  return {{"status", answer.status},
          {"body", answer.body},
          {"contentType", answer.content_type},
          {"headers", std::move(headers)}};
}

Response from_kept_form(const Json& kept) {
  Response out;
  out.status = kept.at("status").get<unsigned>();
  out.body = kept.at("body").get<std::string>();
  out.content_type = kept.at("contentType").get<std::string>();
  for (const Json& header : kept.at("headers"))
    out.headers.emplace_back(header.at(0).get<std::string>(), header.at(1).get<std::string>());
  return out;
}

Response once_in_commit(const Session& session, const OnceKey& key, const IdempotentAnswers::Work& work) {
  require_key(key.key);
  Response out;
  bool has_run = false;
  try {
    const OnceAnswer kept = session.once(key, [&](Session& unit) {
      has_run = true;
      out = work(unit, true);
      if (!is_success(out)) throw std::logic_error("a handler that is one unit of work throws what it refuses");
      return kept_form(out);
    });
    return kept.is_repeated ? repeated(from_kept_form(kept.answer)) : std::move(out);
  } catch (const Error& error) {
    if (!has_run && error.code() == ErrorCode::conflict && error.path() == "fingerprint") refuse_other_request();
    throw;
  }
}

std::string name_of(const ActorContext& actor) {
  return Json{actor.organization().str(), to_string(actor.environment()), to_string(actor.type()), actor.id()}.dump();
}

}  // namespace

Response IdempotentAnswers::once(const Route& route, const Session& session, const OnceKey& key, const Work& work) {
  switch (route.idempotency) {
    case Idempotency::none: break;
    case Idempotency::in_commit: return once_in_commit(session, key, work);
    case Idempotency::in_process:
      return once_in_process(name_of(session.actor()), key, route.lost_answer, [&] { return work(session, false); });
  }
  return work(session, false);
}

Response IdempotentAnswers::once_in_process(const std::string& actor, const OnceKey& once,
                                            const std::string& lost_answer, const std::function<Response()>& work) {
  const std::string& key = once.key;
  require_key(key);
  if (auto kept = begin(actor, once, lost_answer)) return *std::move(kept);
  try {
    Response out = work();
    finish(actor, key,
           !is_success(out)       ? Outcome::failed
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

std::optional<Response> IdempotentAnswers::begin(const std::string& actor, const OnceKey& once,
                                                 const std::string& lost_answer) {
  const auto& [key, fingerprint] = once;
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  auto& own = by_actor_[actor];
  if (const auto found = own.find(key); found != own.end()) {
    const Entry& entry = *found->second;
    if (entry.is_running)
      throw Refusal(409, "conflict", "the first request with this Idempotency-Key still runs", {{"Retry-After", "1"}});
    if (now - entry.begun < bounds_.time) {
      if (entry.fingerprint != fingerprint) refuse_other_request();
      if (!entry.has_answer)
        throw Refusal(409, "conflict",
                      "the first request with this Idempotency-Key was carried out, and its answer was not kept: " +
                          (lost_answer.empty() ? "it was too large" : "it held a secret. " + lost_answer));
      return repeated(copy_of(entry.answer));
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
