#include "repository/engine.hpp"

#include <algorithm>

#include "repository/decision_cache.hpp"
#include "storage/configuration.hpp"
#include "storage/records.hpp"
#include "storage/retry.hpp"
#include "struere/core/error.hpp"

namespace struere {
namespace {

// A key made of parts, each with its length before it, so that different lists of parts never make the same key.
class PlanKey {
 public:
  void add(std::string_view part) { key_.append(std::to_string(part.size())).append(":").append(part); }
  void add_count(std::size_t count) { key_.append(std::to_string(count)).append(";"); }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

std::vector<FormerName> read_former_names(Transaction& transaction) {
  constexpr std::int64_t most = 1'000'000;
  return select<FormerName>(transaction, {{}, {}, {"entity_type", "position"}, false, {}, most});
}

std::string plan_key(const ActorContext& actor, Action action, const std::string& type) {
  PlanKey key;
  key.add(to_string(action));
  key.add(type);
  if (actor.type() == ActorType::system) {
    key.add("system");
  } else if (actor.is_org_admin()) {
    key.add("admin");
  } else {
    key.add("roles");
    key.add_count(actor.roles().size());
    for (const ActorRole& role : actor.roles()) key.add(role.id.str());
  }
  if (const Restriction* const restriction = actor.restriction()) {
    key.add("denied");
    key.add_count(restriction->denied_fields.size());
    for (const std::string& field : restriction->denied_fields) key.add(field);
    if (restriction->allowed_actions) {
      key.add("allowed");
      for (const Action allowed : *restriction->allowed_actions) key.add(to_string(allowed));
    }
  }
  return key.take();
}

}  // namespace

std::shared_ptr<const AccessPlan> CompiledScope::plan(const ActorContext& actor, Action action,
                                                      const std::string& type) {
  const std::string key = plan_key(actor, action, type);
  const MutexLock lock(mutex_);
  if (const auto* const known = plans_.find(key)) return *known;
  auto plan = std::make_shared<const AccessPlan>(compile(rules_, actor, action, type));
  if (!rules_.find_type(type)) return plan;  // callers may pass any text, so unknown types are not cached
  return plans_.put(key, std::move(plan));
}

std::shared_ptr<const JsonSchema> CompiledScope::schema(const EntityType& type) {
  const MutexLock lock(mutex_);
  auto& slot = schemas_[type.key];
  if (!slot) try {
      slot = std::make_shared<const JsonSchema>(parse_canonical_json(type.schema));
    } catch (const Error& error) {  // the message would quote the schema, which not every writer may see
      if (error.code() != ErrorCode::invalid_definition) throw;
      throw Error(ErrorCode::invalid_definition, "the schema of `" + type.slug +
                                                     "` was stored by an earlier version and cannot be enforced any "
                                                     "more; an admin must define the type again");
    }
  return slot;
}

std::shared_ptr<const JsonSchema> CompiledScope::schema_if_compiled(const EntityType& type) {
  const MutexLock lock(mutex_);
  const auto found = schemas_.find(type.key);
  return found == schemas_.end() ? nullptr : found->second;
}

std::shared_ptr<CompiledScope> CompiledScope::read(Transaction& transaction) {
  auto types = stored_entity_types(transaction);
  auto roles = stored_roles(transaction);
  auto observer = read_entity_observer(transaction);
  DefinitionSizes sizes;
  observer->add_sizes(sizes);
  for (const EntityType& type : types) sizes.set("entity type", type.slug, size_of(type));
  for (const RoleRecord& role : roles) sizes.set("role", role.name, size_of(role));
  return std::make_shared<CompiledScope>(
      RuleBook(transaction.generation(), std::move(types), std::move(roles), read_former_names(transaction)),
      std::move(observer), std::move(sizes));
}

std::shared_ptr<CompiledScope> Engine::compiled(Transaction& transaction, const Scope& scope) {
  const std::uint64_t generation = transaction.generation();
  {
    const MutexLock lock(mutex_);
    const Known* const known = scopes_.find(scope);
    if (known && known->compiled->rules().generation() == generation) {
      ++rule_uses_.hits;
      return known->compiled;
    }
    ++rule_uses_.misses;
  }
  auto fresh = CompiledScope::read(transaction);
  const MutexLock lock(mutex_);
  const Known* const known = scopes_.find(scope);
  // A reader of an older snapshot must not put back rules that a later reader has replaced.
  if (!known || known->compiled->rules().generation() < generation) scopes_.put(scope, {fresh, std::nullopt});
  return fresh;
}

std::shared_ptr<CompiledScope> Engine::last_known(const Scope& scope) {
  const MutexLock lock(mutex_);
  const Known* const kept = scopes_.find(scope);
  return kept ? kept->compiled : nullptr;
}

std::shared_ptr<CompiledScope> Engine::known(const Scope& scope) {
  if (auto kept = last_known(scope)) return kept;
  return retried([&] { return compiled(*storage->begin(scope, Access::read), scope); });
}

std::shared_ptr<CompiledScope> Engine::compiled_as_of(const CommitStamp& stamp, const Scope& scope) {
  const MutexLock lock(mutex_);
  const Known* const known = scopes_.find(scope);
  if (!known || known->as_of != stamp) return nullptr;
  ++rule_uses_.hits;
  return known->compiled;
}

void Engine::keep_as_of(const CommitStamp& stamp, const Scope& scope, const std::shared_ptr<CompiledScope>& compiled) {
  const MutexLock lock(mutex_);
  Known* const known = scopes_.find(scope);
  if (known && known->compiled == compiled) known->as_of = stamp;
}

Timestamp Engine::time_of_write(Transaction& transaction) const {
  return std::max(clock->now(), transaction.last_time());
}

Decision Engine::decision(const ActorContext& actor, Action action, std::string_view resource) {
  const auto before = storage->commit_stamp();
  DecisionCache& cache = DecisionCache::of_this_thread();
  const DecisionCache::Question question{number_, actor.number(), action, resource};
  if (before)
    if (const Decision* const known = cache.find(question, *before)) return *known;
  Decision answer = retried([&] {
    return decide(compiled(*storage->begin(actor.scope(), Access::read), actor.scope())->rules(), actor, action,
                  resource);
  });
  // The answer belongs to the stamp only if the stamp was equal before and after the read.
  if (before && before == storage->commit_stamp()) cache.keep(question, *before, answer);
  return answer;
}

}  // namespace struere
