#include "server/idempotency.hpp"

#include <algorithm>
#include <iterator>
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

// Whether a write may have been committed although it failed, such as where the server was lost meanwhile.
bool may_have_been_kept(const std::exception& thrown) {
  const auto* const error = dynamic_cast<const Error*>(&thrown);
  return error && error->code() == ErrorCode::storage && !error->is_transient();
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
      bool has_written = false;  // nothing is, if it fails
      out = work(unit, true, has_written);
      if (!is_success(out)) throw std::logic_error("a handler that is one unit of work throws what it refuses");
      return kept_form(out);
    });
    return kept.is_repeated ? repeated(from_kept_form(kept.answer)) : std::move(out);
  } catch (const Error& error) {
    if (!has_run && error.code() == ErrorCode::conflict && error.path() == "fingerprint") refuse_other_request();
    throw;
  }
}

IdempotentAnswers::Asker asker_of(const ActorContext& actor) {
  return {actor.organization().str(), Json{to_string(actor.environment()), to_string(actor.type()), actor.id()}.dump()};
}

}  // namespace

Response IdempotentAnswers::once(const Route& route, const Session& session, const OnceKey& key, const Work& work) {
  bool has_written = false;
  const auto carry_out = [&] { return work(session, false, has_written); };
  switch (route.idempotency) {
    case Idempotency::none: break;
    case Idempotency::in_commit: return once_in_commit(session, key, work);
    case Idempotency::in_process:
      return once_in_process(asker_of(session.actor()), key, route.lost_answer, carry_out, &has_written);
  }
  return carry_out();
}

Response IdempotentAnswers::once_in_process(const Asker& asker, const OnceKey& once, const std::string& lost_answer,
                                            const std::function<Response()>& work, const bool* has_written) {
  const std::string& key = once.key;
  require_key(key);
  if (auto kept = begin(asker, once, lost_answer)) return *std::move(kept);
  const auto fail = [&](const Response& answer, bool is_open) {
    const bool is_partly = is_open || (has_written && *has_written);
    finish(asker, key, is_partly ? Outcome::partly_written : Outcome::failed, answer);
  };
  try {
    Response out = work();
    if (!is_success(out))
      fail(out, false);
    else
      finish(asker, key, lost_answer.empty() ? Outcome::done : Outcome::done_without_answer, out);
    return out;
  } catch (const std::exception& error) {
    fail(problem(error), may_have_been_kept(error));
    throw;
  } catch (...) {
    fail(problem(std::exception()), false);
    throw;
  }
}

std::size_t IdempotentAnswers::bytes_of_answers() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::optional<Response> IdempotentAnswers::begin(const Asker& asker, const OnceKey& once,
                                                 const std::string& lost_answer) {
  const auto& [key, fingerprint] = once;
  const std::lock_guard lock(mutex_);
  const Time now = std::chrono::steady_clock::now();
  if (const auto owner = owners_.find(asker.organization); owner != owners_.end()) {
    Held& held = owner->second;
    const auto found = find(held, asker.actor, key);
    if (found != held.entries.end()) {
      const Entry& entry = *found;
      if (entry.is_running)
        throw Refusal(409, "conflict", "the first request with this Idempotency-Key still runs",
                      {{"Retry-After", "1"}});
      if (now - entry.begun < bounds_.time) {
        if (entry.fingerprint != fingerprint) refuse_other_request();
        if (entry.is_partly_written)
          throw Refusal(409, "conflict",
                        "the first request with this Idempotency-Key failed after a part of it may have been written, "
                        "and is not carried out again; read what is there, and send the rest with another key" +
                            (entry.has_answer
                                 ? ". It failed with: " + Json::parse(entry.answer.body).value("detail", std::string())
                                 : ""));
        if (!entry.has_answer)
          throw Refusal(409, "conflict",
                        "the first request with this Idempotency-Key was carried out, and its answer was not kept: " +
                            (lost_answer.empty() ? "it was too large" : "it held a secret. " + lost_answer));
        return repeated(copy_of(entry.answer));
      }
      forget(held, found);
    }
  }
  make_room(asker);
  Held& held = owners_[asker.organization];
  Entry& entry = held.entries.emplace_back();
  entry.actor = asker.actor;
  entry.key = key;
  entry.fingerprint = fingerprint;
  entry.begun = now;
  held.by_actor[asker.actor].emplace(key, std::prev(held.entries.end()));
  ++keys_;
  return std::nullopt;
}

void IdempotentAnswers::finish(const Asker& asker, const std::string& key, Outcome outcome, const Response& answer) {
  const std::lock_guard lock(mutex_);
  const auto owner = owners_.find(asker.organization);  // which holds at least this request
  Held& held = owner->second;
  const auto entry = find(held, asker.actor, key);
  if (outcome == Outcome::failed) {  // nothing happened, so that it may be tried again
    forget(held, entry);
    if (held.entries.empty()) owners_.erase(owner);
    return;
  }
  entry->is_running = false;
  entry->is_partly_written = outcome == Outcome::partly_written;
  if (outcome == Outcome::done_without_answer || answer.body.size() > bounds_.bytes_of_answer) return;
  entry->has_answer = true;
  entry->answer = copy_of(answer);
  entry->bytes = answer.body.size() + 512;
  held.bytes += entry->bytes;
  bytes_ += entry->bytes;
}

IdempotentAnswers::Entries::iterator IdempotentAnswers::find(Held& held, const std::string& actor,
                                                             const std::string& key) {
  const auto own = held.by_actor.find(actor);
  if (own == held.by_actor.end()) return held.entries.end();
  const auto found = own->second.find(key);
  return found == own->second.end() ? held.entries.end() : found->second;
}

void IdempotentAnswers::forget(Held& held, Entries::iterator entry) {
  held.bytes -= entry->bytes;
  bytes_ -= entry->bytes;
  --keys_;
  const auto own = held.by_actor.find(entry->actor);
  own->second.erase(entry->key);
  if (own->second.empty()) held.by_actor.erase(own);
  held.entries.erase(entry);
}

bool IdempotentAnswers::forget_oldest(Held& held, const std::string* actor) {
  const auto entry = std::ranges::find_if(
      held.entries, [&](const Entry& each) { return !each.is_running && (!actor || each.actor == *actor); });
  if (entry == held.entries.end()) return false;
  forget(held, entry);
  return true;
}

void IdempotentAnswers::make_room(const Asker& asker) {
  const auto require = [](bool has_room) {
    if (!has_room)
      throw Refusal(429, "limit", "too many requests with an Idempotency-Key run at once", {{"Retry-After", "1"}});
  };
  if (const auto owner = owners_.find(asker.organization); owner != owners_.end()) {
    Held& held = owner->second;
    const auto own_count = [&] {
      const auto own = held.by_actor.find(asker.actor);
      return own == held.by_actor.end() ? 0 : own->second.size();
    };
    while (own_count() >= bounds_.keys_of_actor) require(forget_oldest(held, &asker.actor));
    while (held.entries.size() >= bounds_.keys / 2 || held.bytes > bounds_.bytes / 2)
      require(forget_oldest(held, nullptr));
  }
  // The organization that holds the most, of those with a request that does not run.
  const auto forget_of_largest = [&](const auto& size_of) {
    auto largest = owners_.end();
    for (auto owner = owners_.begin(); owner != owners_.end(); ++owner) {
      const bool is_larger = largest == owners_.end() || size_of(owner->second) > size_of(largest->second);
      if (is_larger && std::ranges::any_of(owner->second.entries, [](const Entry& each) { return !each.is_running; }))
        largest = owner;
    }
    if (largest == owners_.end() || !forget_oldest(largest->second, nullptr)) return false;
    if (largest->second.entries.empty()) owners_.erase(largest);
    return true;
  };
  while (keys_ >= bounds_.keys) require(forget_of_largest([](const Held& held) { return held.entries.size(); }));
  while (bytes_ > bounds_.bytes) require(forget_of_largest([](const Held& held) { return held.bytes; }));
}

}  // namespace struere::server
