// One operation of one actor: a transaction in its scope, the rules as of that transaction, and the checks of SPEC 6
// in their order. All repositories use this class; no other code begins a transaction for an actor.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "repository/engine.hpp"
#include "repository/event_appender.hpp"
#include "repository/unit_of_work.hpp"
#include "repository/write_work.hpp"
#include "struere/core/error.hpp"

namespace struere {

// The attempted action, for the record of a denial.
struct Attempt {
  std::string_view action;
  std::string_view resource;
  std::string_view id = {};
  FirstLookups first = {};  // of a write
};

// The rows, relations and events that one write of an organization's own actor may process (docs/limits.md).
inline constexpr std::int64_t most_entries_of_a_write = 50'000;

// The outcome of checking data against a schema before the write lock was taken. It holds for the text of the schema,
// so that a change of other definitions does not undo it.
struct EarlierCheck {
  std::string schema;
  Json data;
  std::optional<SchemaFault> fault;
};

// Thrown out of a write that would check data for long while all writers wait. The write is undone, and made again
// with the outcome of run().
struct SlowCheck {
  std::shared_ptr<CompiledScope> compiled;
  EntityType type;
  Json data;

  EarlierCheck run() const;
};

class GuardedOperation {
 public:
  // If `may_presume` is true, a reader may use the rules as of the last commit that this process has seen. It must
  // then call rules_stand() before it returns its answer. `first` is what it looks for first, if that is known.
  GuardedOperation(Engine& engine, const ActorContext& actor, Access access, bool may_presume = false,
                   const FirstLookups& first = {});
  // One operation of a unit of work: in the unit's transaction and at its time. The unit commits, not the operation.
  GuardedOperation(UnitOfWork& unit, const ActorContext& actor);

  // Said by a reader who asks for one entity, page or count, and for nothing after it (Selection::is_last).
  void read_once() noexcept { reads_once_ = owned_ && !is_write_; }
  bool reads_once() const noexcept { return reads_once_; }
  // Whether the rules are those of the transaction's snapshot. If not, all results computed with them are invalid.
  bool rules_stand();
  // The same after a failure, which may be the transaction's: then there is nothing else to answer.
  bool rules_stood() noexcept;

  const ActorContext& actor() const noexcept { return actor_; }
  Transaction& transaction() noexcept { return *transaction_; }
  const RuleBook& rules() const noexcept { return compiled_->rules(); }
  const EntityObserver& observer() const noexcept { return compiled_->observer(); }
  ActorValues values() const { return actor_values(actor_); }
  // The time of a write. It is never before the time of an earlier write in the scope (SPEC 7).
  Timestamp now() const noexcept { return now_; }
  // What the clock says, for what ends, becomes due or grows old. A clock that was ahead for a while leaves now()
  // ahead, and must not make a key valid or a run wait for as long.
  Timestamp by_clock() const noexcept { return by_clock_; }
  const Digest& cursor_key() const { return engine_.storage->cursor_key(); }
  std::string new_id() { return engine_.ids->next(now_); }

  std::shared_ptr<const AccessPlan> plan(Action action, const std::string& type) {
    return compiled_->plan(actor_, action, type);
  }
  // All schemas that one write or unit of work compiles under the write lock take at most JsonSchema::most_steps;
  // beyond, throws invalid_data.
  std::shared_ptr<const JsonSchema> schema(const EntityType& type);
  std::shared_ptr<const JsonSchema> schema_if_compiled(const EntityType& type) {
    return compiled_->schema_if_compiled(type);
  }
  // The fault of the data of an entity. All checks of one write or unit of work together take at most
  // JsonSchema::most_steps; beyond, throws invalid_data. After check_apart(), throws SlowCheck if `earlier` does not
  // hold the answer and finding it takes long.
  std::optional<SchemaFault> fault_in(const EntityType& type, const Json& data);
  void check_apart(const EarlierCheck* earlier) noexcept {
    checks_apart_ = true;
    earlier_ = earlier;
  }
  // Throws invalid_definition if the entity types, roles and triggers of the scope become larger than their bound.
  void resize_definition(const std::string& kind, const std::string& name, std::size_t bytes);

  // Throws permission_denied if the policies deny the action.
  std::shared_ptr<const AccessPlan> require(Action action, const std::string& type);
  void require_resource(Action action, std::string_view resource);
  // Throws permission_denied for a tool that its permission narrows, where the result would not be narrowed.
  void require_unrestricted(const char* what);
  // Throws permission_denied unless the actor is a system actor or org admin that no tool's permission narrows.
  void require_admin(const char* what);
  // Like require_admin, but refuses tools and triggers too, even those that act as the system: they must not change
  // data that both environments share.
  void require_host_or_admin(const char* what);
  // Throws permission_denied if the actor does not have one of these roles itself (unless it passes policies), or if
  // a tool's permission narrows the actor and `names` is not empty.
  void require_own_roles(const std::vector<std::string>& names);
  // Counts rows, relations or events that a write reads or rewrites while all writers wait. If they become more than
  // `most_entries_of_a_write`, throws permission_denied to an organization's own actors, and conflict to the host,
  // unless the host has said that writers may wait. An organization's own actors have this bound for all of a unit of
  // work.
  void spend(std::int64_t entries);
  // The bytes of the trigger runs that this write or unit of work has added, with these.
  std::size_t add_run_bytes(std::size_t bytes) noexcept { return work_.run_bytes += bytes; }
  void hold_writers() noexcept { work_.holds_writers = true; }
  void note_purge() noexcept {
    if (unit_) unit_->note_purge();
  }
  // What rules ask about other rows. In a write, each lookup counts towards a bound (write_work.hpp): beyond, throws
  // invalid_data.
  RelationReader& relations() noexcept { return is_write_ ? static_cast<RelationReader&>(metered_) : *transaction_; }
  void spend_steps(std::uint64_t steps) {
    if (is_write_) work_.spend_steps(steps);
  }
  // Remembers that the row may be referred to by fields for entities of `type`, as many rows of a write refer to one.
  bool is_accepted_reference(const std::string& type, const std::string& id);
  void accept_reference(const std::string& type, const std::string& id) { accepted_.emplace(type, id); }
  // After a write of this operation that may change what rules find about other rows than the written one, and after
  // one that changes this row alone.
  void forget_lookups() noexcept;
  void forget_reference(const std::string& type, const std::string& id) { accepted_.erase({type, id}); }
  // Throws invalid_data if the scope has no role of such a name, because a mistyped name would grant nothing.
  void require_known_roles(const std::vector<std::string>& names);
  // Throws not_found if the scope has no such type. Call it only after the policy check.
  const EntityType& require_type(const std::string& slug);

  // The masks of those grants of `plan` that admit the row as stored. No grant admits a deleted row.
  std::vector<const Mask*> admitting_masks(const AccessPlan& plan, const StoredEntity& row);
  // The same, for callers that have parsed the row: `fields` are fields_of(row).
  std::vector<const Mask*> admitting_masks(const AccessPlan& plan, const StoredEntity& row, const RowFields& fields);
  bool in_read_view(const StoredEntity& row, const std::string& type);
  // The row if it exists, is not deleted, is of a type of this scope and is in the actor's `read` view.
  std::optional<StoredEntity> find_readable(const std::string& id);
  // The answer of a write: the row as the `read` view shows it, or only the id. `fields` are fields_of(row).
  Written written(const StoredEntity& row, const RowFields& fields, const std::string& type);

  EventAppender audit() {
    has_event_ = true;
    return EventAppender(*transaction_, actor_, *engine_.ids, now_, &work_);
  }
  void commit();

 private:
  bool is_narrowed() const noexcept;  // by a tool's permission

  Engine& engine_;
  const ActorContext& actor_;
  UnitOfWork* unit_ = nullptr;
  std::optional<CommitStamp> presumed_at_;
  bool presumes_ = false;               // the rules, which the end of the operation confirms
  std::unique_ptr<Transaction> owned_;  // null inside a unit
  Transaction* transaction_;
  Timestamp by_clock_, now_;
  bool has_event_ = false;
  bool is_write_;
  bool reads_once_ = false;
  bool checks_apart_ = false;
  const EarlierCheck* earlier_ = nullptr;
  WriteWork own_work_;
  WriteWork& work_;  // of this operation, or of its unit
  MeteredRelations metered_;
  std::set<std::pair<std::string, std::string>> accepted_;
  std::optional<DefinitionSizes> sizes_;  // as this operation leaves them; nullopt if it changed none
  std::shared_ptr<CompiledScope> compiled_;
};

// The function to run with an operation, with its type erased.
struct OperationBody {
  void* body;
  void (*call)(void* body, GuardedOperation& operation);
};

void run_guarded(const Caller& caller, Access access, const Attempt& attempt, OperationBody body);

// Appends `access.denied` if the host wants it. If that fails, throws `denial` with a note about the failure.
void record_denial(Engine& engine, const ActorContext& actor, const Attempt& attempt, const Error& denial);

// Runs `body` with an operation of its own, which is undone unless `body` commits. `body` may run again: a read if the
// rules that it presumed turn out to be out of date, any operation if the storage lost its transaction
// (storage/retry.hpp). So `body` changes nothing except its answer.
template <class Body>
auto guarded(const Caller& caller, Access access, const Attempt& attempt, Body&& body) {
  using Answer = decltype(body(std::declval<GuardedOperation&>()));
  if constexpr (std::is_void_v<Answer>) {
    const auto call = [](void* self, GuardedOperation& operation) {
      (*static_cast<std::remove_reference_t<Body>*>(self))(operation);
    };
    run_guarded(caller, access, attempt, {&body, call});
  } else {
    struct {
      std::remove_reference_t<Body>& body;
      std::optional<Answer> answer;
    } run{body, std::nullopt};
    const auto call = [](void* self, GuardedOperation& operation) {
      auto& that = *static_cast<decltype(run)*>(self);
      that.answer.reset();
      that.answer.emplace(that.body(operation));
    };
    run_guarded(caller, access, attempt, {&run, call});
    return *std::move(run.answer);
  }
}

[[noreturn]] void throw_not_found();

}  // namespace struere
