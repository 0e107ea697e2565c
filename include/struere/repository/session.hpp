// What a request, a tool or a plugin holds: one actor on one database, and nothing that widens it (SPEC 1, 2 and 6).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "struere/access/explanation.hpp"
#include "struere/access/policy.hpp"
#include "struere/model/impersonation.hpp"
#include "struere/repository/agent_repository.hpp"
#include "struere/repository/api_key_repository.hpp"
#include "struere/repository/audit_logger.hpp"
#include "struere/repository/caller.hpp"
#include "struere/repository/definition_repository.hpp"
#include "struere/repository/entity_repository.hpp"
#include "struere/repository/event_repository.hpp"
#include "struere/repository/execution_repository.hpp"
#include "struere/repository/pack_repository.hpp"
#include "struere/repository/relation_repository.hpp"
#include "struere/repository/thread_repository.hpp"

namespace STRUERE_API struere {

class TriggerRepository;

// The costs of a query, measured by Session::profile.
struct QueryProfile {
  Explanation explanation;         // of `list`: the policies that decide, and the grants that lead to rows
  std::vector<std::string> steps;  // how the storage finds the rows, in its own words: an index or a scan
  std::int64_t rows = 0;           // of the page
  int runs = 0;                    // of the whole operation, checks and masks included
  std::chrono::nanoseconds first{};
  std::chrono::nanoseconds best{};
};

// What tells one request from another (Session::once).
struct OnceKey {
  std::string key;          // given by who sends the request: 1 to 200 bytes, such as a UUID
  std::string fingerprint;  // all that makes the request; only its SHA-256 is kept
};

struct OnceAnswer {
  Json answer;
  bool is_repeated = false;  // kept from an earlier call; the body was not run
};

// Made by Database::authenticate and by TrustedHost. Immutable, cheap to copy, safe to share between threads; keeps the
// database open. No operation takes a scope or an environment: the actor's are used.
class Session {
 public:
  explicit Session(Caller caller) : caller_(std::move(caller)) {}

  const ActorContext& actor() const& noexcept { return caller_.actor(); }
  ActorContext actor() && { return caller_.actor(); }

  EntityRepository entities(const std::string& type) const { return {caller_, type}; }
  RelationRepository relations() const { return RelationRepository(caller_); }
  EventRepository events() const { return EventRepository(caller_); }
  AuditLogger audit() const { return AuditLogger(caller_); }
  EntityTypeRepository entity_types() const { return EntityTypeRepository(caller_); }
  RoleRepository roles() const { return RoleRepository(caller_); }
  ApiKeyRepository api_keys() const { return ApiKeyRepository(caller_); }
  AgentRepository agents() const { return AgentRepository(caller_); }
  ThreadRepository threads() const { return ThreadRepository(caller_); }
  ExecutionRepository executions() const { return ExecutionRepository(caller_); }
  TriggerRepository triggers() const;  // triggers/trigger_repository.hpp
  PackRepository packs() const { return PackRepository(caller_); }

  // Whether the policies allow this at all (SPEC 3). Never throws for a denial, and records none.
  Decision can(Action action, std::string_view resource) const;

  // Runs `body(unit)` as one transaction and returns what it returns (SPEC 6, "Units of work"). Each operation of
  // `unit` sees what the earlier ones wrote and is checked as if alone. The first error undoes everything and is
  // thrown, even if the body catches it. All times are those of the beginning. While the body runs, other writers wait:
  // keep it short. The body may be run again, so it must have no effect outside. It uses `unit` alone, on its own
  // thread: other sessions of this database, and a transaction inside the body, throw Error{conflict}.
  template <class Body>
  auto transaction(Body&& body) const {
    using Answer = std::invoke_result_t<Body&, Session&>;
    if constexpr (std::is_void_v<Answer>) {
      run_transaction([&](Session& unit) { body(unit); });
    } else {
      std::optional<std::decay_t<Answer>> answer;
      run_transaction([&](Session& unit) { answer.emplace(body(unit)); });
      return *std::move(answer);
    }
  }

  // Carries a request out once: runs `body(unit)` as transaction() does, and keeps its answer in the same commit.
  // The same key of the same actor in the same environment gets the kept answer for a day, in any process. The first
  // call gets it in the same, canonical form: 1.0 is 1. A body that throws keeps nothing. Of two calls at the same
  // time, the second waits. Only that the request was carried out is kept if the answer is longer than 64 KiB, or
  // once later answers of the scope need its place (docs/limits.md) or an entity is purged. Throws Error{conflict}
  // at "fingerprint" if the key was used for another request, Error{conflict} if the answer is not kept, and
  // Error{invalid_data} for a key that is empty or too long, or an answer that is not canonical JSON, such as one
  // with U+0000 or more than 64 deep. An answer may be longer than 1 MiB.
  OnceAnswer once(const OnceKey& key, const std::function<Json(Session& unit)>& body) const;

  // Says why the actor of `about` may or may not do this, to this row. `write` is what a create or an update would
  // write: the answer then names the fields that the grants mask. Changes nothing. Throws Error{permission_denied}
  // unless this session's actor is a system actor or org admin of the same scope, and Error{invalid_data} if `write`
  // could not be stored.
  Explanation explain(const Session& about, Action action, const std::string& resource,
                      const std::optional<EntityId>& id = {}, const std::optional<ProposedWrite>& write = {}) const;

  // Measures `list(query)` as the actor of `about` and explains it. Callable by whoever may call explain(). Runs the
  // query up to 20 times; writes nothing.
  QueryProfile profile(const Session& about, const std::string& type, const Query& query = {}) const;

  // A session of another actor of this scope, with that actor's powers and nothing more ("view as", SPEC 2). Its events
  // name both actors. Throws Error{permission_denied} unless this session's actor is an org admin, or a system actor
  // that the host made, and is not itself acted as; Error{not_found} if there is no such actor.
  Session impersonate(const ImpersonateOptions& as) const;

  // This session, whose events carry the trace of a request (Event::trace_id): 32 lower-case hexadecimal digits, not
  // all of them zero, as W3C Trace Context has it. Inside a unit, a session of the unit. Throws Error{invalid_data} for
  // another text.
  Session traced(const std::string& trace_id) const;

  // For the library itself.
  const Caller& caller(const Authority& authority) const;

 private:
  void run_transaction(const std::function<void(Session& unit)>& body) const;

  Caller caller_;
};

}  // namespace struere
