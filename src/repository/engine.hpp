// The state that all repositories of one database share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "actor/authentication_cache.hpp"
#include "core/bounded_cache.hpp"
#include "core/json_schema.hpp"
#include "core/mutex.hpp"
#include "core/scope_hash.hpp"
#include "core/text.hpp"
#include "repository/compiled_cache.hpp"
#include "repository/definition_sizes.hpp"
#include "repository/denial_log.hpp"
#include "repository/entity_observer.hpp"
#include "struere/access/access_plan.hpp"
#include "struere/core/clock.hpp"
#include "struere/core/error.hpp"
#include "struere/core/id.hpp"
#include "struere/core/scope.hpp"
#include "struere/repository/denial_recording.hpp"
#include "struere/spi/storage.hpp"

namespace struere {

// The rules of one scope at one generation, with the plans and schemas compiled from them. The whole object is
// discarded when the generation changes, so that nothing in it can be stale.
class CompiledScope {
 public:
  CompiledScope(RuleBook rules, std::unique_ptr<const EntityObserver> observer, DefinitionSizes sizes,
                const std::shared_ptr<CompiledCache>& cache)
      : rules_(std::move(rules)), observer_(std::move(observer)), sizes_(std::move(sizes)), compiled_(cache) {}

  // Reads the rules as the transaction sees them. What is compiled from them is kept in `cache`.
  static std::shared_ptr<CompiledScope> read(Transaction& transaction, const std::shared_ptr<CompiledCache>& cache);

  const RuleBook& rules() const noexcept { return rules_; }
  const EntityObserver& observer() const noexcept { return *observer_; }
  std::shared_ptr<const AccessPlan> plan(const ActorContext& actor, Action action, const std::string& type);
  std::shared_ptr<const JsonSchema> schema(const EntityType& type);
  // The same if it is kept compiled; null otherwise.
  std::shared_ptr<const JsonSchema> schema_if_compiled(const EntityType& type);
  const DefinitionSizes& sizes() const noexcept { return sizes_; }

 private:
  RuleBook rules_;
  std::unique_ptr<const EntityObserver> observer_;
  DefinitionSizes sizes_;
  Mutex compiling_;  // taken by the thread that compiles a schema, so that each is compiled once
  CompiledShare compiled_;
};

// The ids of a host's source, checked: they go into keys, hashes and SQL.
class CheckedIds final : public IdSource {
 public:
  explicit CheckedIds(IdSource& source) : source_(source) {}

  std::string next(long long now) override {
    std::string out = source_.next(now);
    if (out.empty() || !is_text(out, longest_name))
      throw Error(ErrorCode::storage, "the id source returned no id: one is valid UTF-8 of 1 to 200 bytes");
    return out;
  }

 private:
  IdSource& source_;
};

struct Engine {
  std::unique_ptr<Storage> storage;
  const Clock* clock;
  CheckedIds checked_ids;
  IdSource* ids = &checked_ids;
  DenialRecording record_denials;
  AuthenticationCache authenticated;
  std::shared_ptr<CompiledCache> compiled_cache = std::make_shared<CompiledCache>();

  // The rules as of the transaction's own snapshot.
  std::shared_ptr<CompiledScope> compiled(Transaction& transaction, const Scope& scope);
  // The rules as this process read them last, which may be out of date. Reads them if it has not read them before.
  std::shared_ptr<CompiledScope> known(const Scope& scope);
  // The same; null if this process has not read them before.
  std::shared_ptr<CompiledScope> last_known(const Scope& scope);
  // The rules as of that stamp; null if they are not known for it. This saves a reader one statement.
  std::shared_ptr<CompiledScope> compiled_as_of(const CommitStamp& stamp, const Scope& scope);
  void keep_as_of(const CommitStamp& stamp, const Scope& scope, const std::shared_ptr<CompiledScope>& compiled);

  // How often the rules of a scope were asked for, and had to be read.
  CacheCounts rule_uses() {
    const MutexLock lock(mutex_);
    return rule_uses_;
  }

  // The time of a write that holds the lock. It is never before the time of an earlier write in the scope (SPEC 7).
  Timestamp time_of_write(Transaction& transaction) const;

  // The answer of `can`. Taken from this thread's cache if nothing was committed since it was computed.
  Decision decision(const ActorContext& actor, Action action, std::string_view resource);

 private:
  std::uint64_t number_;  // unique in this process
  Mutex mutex_;
  struct Known {
    std::shared_ptr<CompiledScope> compiled;
    std::optional<CommitStamp> as_of;  // the last stamp at which it was seen to be current
  };
  void keep(const Scope& scope, const std::shared_ptr<CompiledScope>& fresh) STRUERE_REQUIRES(mutex_);

  static constexpr std::size_t most_scopes = 4096, most_definition_bytes_of_all = 256UL << 20;
  BoundedCache<Scope, Known, ScopeHash> scopes_ STRUERE_GUARDED_BY(mutex_){SIZE_MAX};
  std::size_t definition_bytes_ STRUERE_GUARDED_BY(mutex_) = 0;  // of all of them
  CacheCounts rule_uses_ STRUERE_GUARDED_BY(mutex_);

 public:
  DenialLog denials;  // the last member, so that it is destroyed first: its destructor writes the denials that it
                      // still holds

  Engine(std::unique_ptr<Storage> opened, const Clock& now, IdSource& source, DenialRecording record)
      : storage(std::move(opened)),
        clock(&now),
        checked_ids(source),
        record_denials(record),
        denials(*storage, *clock, *ids) {
    static std::atomic<std::uint64_t> made = 0;
    number_ = ++made;
  }
};

}  // namespace struere
