#include "repository/engine.hpp"

#include <algorithm>

#include "access/plan_memory.hpp"
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
  explicit PlanKey(std::string prefix) : key_(std::move(prefix)) {}
  void add(std::string_view part) { key_.append(std::to_string(part.size())).append(":").append(part); }
  void add_count(std::size_t count) { key_.append(std::to_string(count)).append(";"); }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

std::string schema_key(const EntityType& type) { return std::to_string(type.key); }

std::vector<FormerName> read_former_names(Transaction& transaction) {
  constexpr std::int64_t most = 1'000'000;
  return select<FormerName>(transaction, {{}, {}, {"entity_type", "position"}, false, {}, most});
}

std::string plan_key(const ActorContext& actor, Action action, const std::string& type) {
  PlanKey key("plan ");
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
  std::string key = plan_key(actor, action, type);
  if (auto known = compiled_.find<AccessPlan>(key)) return known;
  auto plan = std::make_shared<const AccessPlan>(compile(rules_, actor, action, type));
  // Callers may pass any text, so the plans of unknown types are not kept.
  const std::size_t bytes = key.size() + memory_of(*plan);
  if (rules_.find_type(type)) compiled_.put(std::move(key), plan, bytes);
  return plan;
}

std::shared_ptr<const JsonSchema> CompiledScope::schema(const EntityType& type) {
  if (auto known = schema_if_compiled(type)) return known;
  const MutexLock lock(compiling_);
  if (auto known = schema_if_compiled(type)) return known;
  try {
    auto schema = std::make_shared<const JsonSchema>(parse_canonical_json(type.schema));
    compiled_.put(schema_key(type), schema, schema->memory());
    return schema;
  } catch (const Error& error) {  // the message would quote the schema, which not every writer may see
    if (error.code() != ErrorCode::invalid_definition) throw;
    throw Error(ErrorCode::invalid_definition, "the schema of `" + type.slug +
                                                   "` was stored by an earlier version and cannot be enforced any "
                                                   "more; an admin must define the type again");
  }
}

std::shared_ptr<const JsonSchema> CompiledScope::schema_if_compiled(const EntityType& type) {
  return compiled_.find<JsonSchema>(schema_key(type));
}

std::shared_ptr<CompiledScope> CompiledScope::read(Transaction& transaction,
                                                   const std::shared_ptr<CompiledCache>& cache) {
  auto types = stored_entity_types(transaction);
  auto roles = stored_roles(transaction);
  auto observer = read_entity_observer(transaction);
  DefinitionSizes sizes;
  observer->add_sizes(sizes);
  for (const EntityType& type : types) sizes.set("entity type", type.slug, size_of(type));
  for (const RoleRecord& role : roles) sizes.set("role", role.name, size_of(role));
  return std::make_shared<CompiledScope>(
      RuleBook(transaction.generation(), std::move(types), std::move(roles), read_former_names(transaction)),
      std::move(observer), std::move(sizes), cache);
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
  auto fresh = CompiledScope::read(transaction, compiled_cache);
  const MutexLock lock(mutex_);
  const Known* const known = scopes_.find(scope);
  // A reader of an older snapshot must not put back rules that a later reader has replaced.
  if (!known || known->compiled->rules().generation() < generation) keep(scope, fresh);
  return fresh;
}

// At the bound in bytes, the scope with the largest definitions is given up, so that no scope pays for another one.
void Engine::keep(const Scope& scope, const std::shared_ptr<CompiledScope>& fresh) {
  const auto size = [](const Known& known) { return known.compiled->sizes().sum(); };
  if (const Known* const known = scopes_.find(scope)) definition_bytes_ -= size(*known);
  definition_bytes_ += fresh->sizes().sum();
  scopes_.put(scope, {fresh, std::nullopt});
  if (scopes_.size() > most_scopes) definition_bytes_ -= size(scopes_.pop_oldest());
  while (definition_bytes_ > most_definition_bytes_of_all) definition_bytes_ -= size(scopes_.pop_heaviest(size));
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
