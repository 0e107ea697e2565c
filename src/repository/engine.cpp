#include "repository/engine.hpp"

#include "repository/decision_cache.hpp"
#include "storage/records.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// Both caches are emptied when they are full: what is in use is soon there again, and nothing needs to be kept in
// order.
constexpr std::size_t most_plans = 4096;
constexpr std::size_t most_scopes = 4096;

std::vector<FormerName> former_names(Transaction& transaction) {
  constexpr std::int64_t most = 1'000'000;
  return select<FormerName>(transaction, {{}, {}, {"entity_type", "position"}, false, {}, most});
}

std::string plan_key(const ActorContext& actor, Action action, const std::string& type) {
  std::string key;
  if (actor.type() == ActorType::system)
    key = "system";
  else if (actor.is_org_admin())
    key = "admin";
  else
    for (const ActorRole& role : actor.roles()) key.append(role.id.str()).append(",");
  if (const Restriction* const restriction = actor.restriction()) {
    // Each part ends with what cannot be in it: two restrictions never have one key.
    for (const std::string& field : restriction->denied_fields) key.append("!").append(field).append("\n");
    if (restriction->allowed_actions)
      for (const Action allowed : *restriction->allowed_actions)
        key.append("+").append(to_string(allowed)).append("\n");
  }
  return key.append("|").append(to_string(action)).append("|").append(type);
}

}  // namespace

std::shared_ptr<const AccessPlan> CompiledScope::plan(const ActorContext& actor, Action action,
                                                      const std::string& type) {
  const std::string key = plan_key(actor, action, type);
  const std::lock_guard lock(mutex_);
  if (const auto found = plans_.find(key); found != plans_.end()) return found->second;
  auto plan = std::make_shared<const AccessPlan>(compile(rules_, actor, action, type));
  if (!rules_.find_type(type)) return plan;  // callers may ask for any text; it is not worth a place
  if (plans_.size() >= most_plans) plans_.clear();
  return plans_.emplace(key, std::move(plan)).first->second;
}

std::shared_ptr<const JsonSchema> CompiledScope::schema(const EntityType& type) {
  const std::lock_guard lock(mutex_);
  auto& slot = schemas_[type.key];
  if (!slot) try {
      slot = std::make_shared<const JsonSchema>(parse_canonical_json(type.schema));
    } catch (const Error& error) {  // what is wrong would quote the schema, which not every writer may see
      if (error.code() != ErrorCode::invalid_definition) throw;
      throw Error(ErrorCode::invalid_definition, "the schema of `" + type.slug +
                                                     "` was stored by an earlier version and cannot be enforced any "
                                                     "more; an admin must define the type again");
    }
  return slot;
}

std::shared_ptr<CompiledScope> CompiledScope::read(Transaction& transaction) {
  return std::make_shared<CompiledScope>(
      RuleBook(transaction.generation(), transaction.entity_types(), transaction.roles(), former_names(transaction)),
      TriggerBook(transaction));
}

std::shared_ptr<CompiledScope> Engine::compiled(Transaction& transaction, const Scope& scope) {
  const std::uint64_t generation = transaction.generation();
  {
    const std::lock_guard lock(mutex_);
    const auto found = scopes_.find(scope);
    if (found != scopes_.end() && found->second.compiled->rules().generation() == generation)
      return found->second.compiled;
  }
  auto fresh = CompiledScope::read(transaction);
  const std::lock_guard lock(mutex_);
  if (scopes_.size() >= most_scopes) scopes_.clear();
  Known& known = scopes_[scope];
  // A reader of an older snapshot must not put back what a later one has replaced.
  if (!known.compiled || known.compiled->rules().generation() < generation) known = {fresh, std::nullopt};
  return fresh;
}

std::shared_ptr<CompiledScope> Engine::known(const Scope& scope) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = scopes_.find(scope); found != scopes_.end()) return found->second.compiled;
  }
  const auto transaction = storage->begin(scope, Access::read);
  return compiled(*transaction, scope);
}

std::shared_ptr<CompiledScope> Engine::compiled_as_of(const CommitStamp& stamp, const Scope& scope) {
  const std::lock_guard lock(mutex_);
  const auto found = scopes_.find(scope);
  return found != scopes_.end() && found->second.as_of == stamp ? found->second.compiled : nullptr;
}

void Engine::keep_as_of(const CommitStamp& stamp, const Scope& scope, const std::shared_ptr<CompiledScope>& compiled) {
  const std::lock_guard lock(mutex_);
  const auto found = scopes_.find(scope);
  if (found != scopes_.end() && found->second.compiled == compiled) found->second.as_of = stamp;
}

Decision Engine::decision(const ActorContext& actor, Action action, std::string_view resource) {
  const auto before = storage->commit_stamp();
  DecisionCache& cache = DecisionCache::of_this_thread();
  const DecisionCache::Question question{number_, actor.number(), action, resource};
  if (before)
    if (const Decision* const known = cache.find(question, *before)) return *known;
  const auto transaction = storage->begin(actor.scope(), Access::read);
  Decision answer = decide(compiled(*transaction, actor.scope())->rules(), actor, action, resource);
  // Only what was read between two equal stamps is known to belong to them.
  if (before && before == storage->commit_stamp()) cache.keep(question, *before, answer);
  return answer;
}

}  // namespace struere
