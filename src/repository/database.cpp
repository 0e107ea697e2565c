#include "struere/repository/database.hpp"

#include <algorithm>

#include "repository/entity_reader.hpp"
#include "repository/entity_writer.hpp"
#include "repository/guarded_operation.hpp"
#include "struere/actor/authentication.hpp"
#include "struere/storage/memory.hpp"

namespace struere {

Database Database::with_storage(std::unique_ptr<Storage> storage, const DatabaseOptions& options) {
  return Database(std::make_shared<Engine>(std::move(storage), options.clock ? *options.clock : system_clock(),
                                           options.ids ? *options.ids : uuid_source(), options.record_denials));
}

Database Database::open(const std::string& path, const DatabaseOptions& options) {
  return with_storage(open_sqlite_storage(path, options.sqlite), options);
}

Database Database::in_memory(const DatabaseOptions& options) { return with_storage(open_memory_storage(), options); }

ActorContext Database::authenticate(std::string_view api_key) const {
  return Authentication(*engine_->storage, *engine_->clock, &engine_->authenticated).authenticate(api_key);
}

TrustedHost Database::trusted_host() const { return {*engine_->storage, *engine_->clock, *engine_->ids}; }

EntityRepository Database::entities(const ActorContext& actor, const std::string& type) const {
  return {engine_, actor, type};
}
RelationRepository Database::relations(const ActorContext& actor) const { return {engine_, actor}; }
EventRepository Database::events(const ActorContext& actor) const { return {engine_, actor}; }
EntityTypeRepository Database::entity_types(const ActorContext& actor) const { return {engine_, actor}; }
RoleRepository Database::roles(const ActorContext& actor) const { return {engine_, actor}; }
ApiKeyRepository Database::api_keys(const ActorContext& actor) const { return {engine_, actor}; }
AgentRepository Database::agents(const ActorContext& actor) const { return {engine_, actor}; }
ThreadRepository Database::threads(const ActorContext& actor) const { return {engine_, actor}; }
ExecutionRepository Database::executions(const ActorContext& actor) const { return {engine_, actor}; }
TriggerRepository Database::triggers(const ActorContext& actor) const { return {engine_, actor}; }
PackRepository Database::packs(const ActorContext& actor) const { return {engine_, actor}; }

Decision Database::can(const ActorContext& actor, Action action, std::string_view resource) const {
  return engine_->decision(actor, action, resource);
}

QueryProfile Database::profile(const ActorContext& asker, const ActorContext& about, const std::string& type,
                               const Query& query) const {
  constexpr int most_runs = 20;
  constexpr std::chrono::milliseconds long_enough(200);
  QueryProfile out;
  out.explanation = explain(asker, about, Action::list, type);
  if (!out.explanation.decision) return out;
  out.steps = guarded(*engine_, about, Access::read, {"list", type},
                      [&](GuardedOperation& operation) { return plan_of_list(operation, type, query); });
  const EntityRepository repository = entities(about, type);
  const auto begun = std::chrono::steady_clock::now();
  for (auto now = begun; out.runs == 0 || (out.runs < most_runs && now - begun < long_enough); ++out.runs) {
    out.rows = static_cast<std::int64_t>(repository.list(query).size());
    const auto end = std::chrono::steady_clock::now();
    if (out.runs == 0) out.first = end - now;
    out.best = out.runs == 0 ? out.first : std::min(out.best, std::chrono::nanoseconds(end - now));
    now = end;
  }
  return out;
}

Explanation Database::explain(const ActorContext& asker, const ActorContext& about, Action action,
                              const std::string& resource, const std::optional<EntityId>& id,
                              const std::optional<ProposedWrite>& write) const {
  return guarded(*engine_, asker, Access::read, {"explain", resource}, [&](GuardedOperation& operation) {
    operation.require_admin("explain what others may do");
    if (asker.scope() != about.scope())
      throw Error(ErrorCode::permission_denied, "an actor is explained to its own organization and environment alone");
    return explain_operation(operation, about, action, resource, id, write);
  });
}

}  // namespace struere
