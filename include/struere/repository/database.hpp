// Where a host begins: opens the data, finds out who asks, and hands out what that one may use.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "struere/access/explanation.hpp"
#include "struere/access/policy.hpp"
#include "struere/actor/trusted_host.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/id.hpp"
#include "struere/model/actor_context.hpp"
#include "struere/repository/agent_repository.hpp"
#include "struere/repository/api_key_repository.hpp"
#include "struere/repository/definition_repository.hpp"
#include "struere/repository/entity_repository.hpp"
#include "struere/repository/event_repository.hpp"
#include "struere/repository/execution_repository.hpp"
#include "struere/repository/pack_repository.hpp"
#include "struere/repository/relation_repository.hpp"
#include "struere/repository/thread_repository.hpp"
#include "struere/repository/trigger_repository.hpp"
#include "struere/storage/sqlite.hpp"

namespace struere {

struct DatabaseOptions {
  SqliteOptions sqlite = {};
  bool record_denials = true;  // each denied operation appends `access.denied` to the log (SPEC 7)
  // Both must outlive the database.
  const Clock* clock = nullptr;
  IdSource* ids = nullptr;
};

// What Database::profile found out of one query.
struct QueryProfile {
  Explanation explanation;         // of `list`: the policies that decide, and the grants, each a way in
  std::vector<std::string> steps;  // how the storage finds the rows, in its own words: an index or a scan
  std::int64_t rows = 0;           // of the page
  int runs = 0;                    // of the whole operation, checks and masks included
  std::chrono::nanoseconds first{};
  std::chrono::nanoseconds best{};
};

// One for each process and file. A handle: copies share the database. Safe to use from many threads.
class Database {
 public:
  // The file is created if it is missing. Throws Error{storage}.
  static Database open(const std::string& path, const DatabaseOptions& options = {});
  static Database in_memory(const DatabaseOptions& options = {});
  static Database with_storage(std::unique_ptr<Storage> storage, const DatabaseOptions& options = {});

  // The actor behind an API key; its scope is fixed from here on. Error{unauthenticated} whatever is wrong with the
  // key.
  ActorContext authenticate(std::string_view api_key) const;

  // What the host may do in its own name: system actors, users that it has authenticated itself, organizations.
  TrustedHost trusted_host() const;

  // What one actor may use. No operation of these takes a scope or an environment: the actor's is theirs.
  EntityRepository entities(const ActorContext& actor, const std::string& type) const;
  RelationRepository relations(const ActorContext& actor) const;
  EventRepository events(const ActorContext& actor) const;
  EntityTypeRepository entity_types(const ActorContext& actor) const;
  RoleRepository roles(const ActorContext& actor) const;
  ApiKeyRepository api_keys(const ActorContext& actor) const;
  AgentRepository agents(const ActorContext& actor) const;
  ThreadRepository threads(const ActorContext& actor) const;
  ExecutionRepository executions(const ActorContext& actor) const;
  TriggerRepository triggers(const ActorContext& actor) const;
  PackRepository packs(const ActorContext& actor) const;

  // Whether the policies allow this at all (SPEC 3). Never throws for a denial, and records none.
  Decision can(const ActorContext& actor, Action action, std::string_view resource) const;

  // What a list costs `about`, and why: for whom explain() is. Runs it some times, as `about`, and changes nothing.
  QueryProfile profile(const ActorContext& asker, const ActorContext& about, const std::string& type,
                       const Query& query = {}) const;

  // Why `about` may or may not do this, to this row: for a system actor or org admin of the same scope, otherwise
  // permission_denied. `write` is what a create or an update would write: the answer then names the fields that the
  // grants mask. Throws Error{invalid_data} if `write` is none that could be stored. Changes nothing.
  Explanation explain(const ActorContext& asker, const ActorContext& about, Action action, const std::string& resource,
                      const std::optional<EntityId>& id = {}, const std::optional<ProposedWrite>& write = {}) const;

 private:
  friend class Definitions;
  friend class Packs;
  friend class TriggerWorker;
  friend class TriggerRunner;
  explicit Database(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

  std::shared_ptr<Engine> engine_;
};

}  // namespace struere
