// One operation of one actor: a transaction in its scope, the rules as of that transaction, and the checks of SPEC 6 in
// their order. Every repository goes through here; nothing else begins a transaction for an actor.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "repository/engine.hpp"
#include "repository/event_appender.hpp"
#include "repository/unit_of_work.hpp"
#include "struere/core/error.hpp"

namespace struere {

// What is attempted, for the record of a denial.
struct Attempt {
  std::string_view action;
  std::string_view resource;
  std::string_view id = {};
};

// Rows and events that one write of an organization's own actor may go through (docs/limits.md).
inline constexpr std::int64_t most_entries_of_a_write = 50'000;

class GuardedOperation {
 public:
  // `may_presume`: a reader may take the rules as of the last commit that this process has seen, and ask rules_stand()
  // before it answers.
  GuardedOperation(Engine& engine, const ActorContext& actor, Access access, bool may_presume = false);
  // One operation of a unit: in its transaction, at its time. commit() is then the unit's.
  GuardedOperation(UnitOfWork& unit, const ActorContext& actor);

  // Whether the rules are those of the transaction's own snapshot. Where they are not, all that was done with them is
  // void.
  bool rules_stand();

  const ActorContext& actor() const noexcept { return actor_; }
  Transaction& transaction() noexcept { return *transaction_; }
  const RuleBook& rules() const noexcept { return compiled_->rules(); }
  const EntityObserver& observer() const noexcept { return compiled_->observer(); }
  ActorValues values() const { return actor_values(actor_); }
  // Of a write: not before that of the write before it in the scope, whatever the clock says (SPEC 7).
  Timestamp now() const noexcept { return now_; }
  const Digest& cursor_key() const { return engine_.storage->cursor_key(); }
  std::string new_id() { return engine_.ids->next(now_); }

  std::shared_ptr<const AccessPlan> plan(Action action, const std::string& type) {
    return compiled_->plan(actor_, action, type);
  }
  std::shared_ptr<const JsonSchema> schema(const EntityType& type) { return compiled_->schema(type); }

  // permission_denied where the policies say no.
  std::shared_ptr<const AccessPlan> require(Action action, const std::string& type);
  void require_resource(Action action, std::string_view resource);
  // permission_denied for everybody but system actors and org admins.
  void require_admin(const char* what);
  // Also for tools and triggers, though they act as the system: what both environments share is not theirs to change.
  void require_host_or_admin(const char* what);
  // permission_denied for whoever hands on roles that they do not hold, or that a tool's permission narrows.
  void require_own_roles(const std::vector<std::string>& names);
  // Before a write goes through so many rows or events while all writers wait. permission_denied if this and what was
  // spent before is more than `most_entries_of_a_write`, for everybody but the host.
  void spend(std::int64_t entries);
  // invalid_data for a name that no role of the scope has: a mistyped one would grant nothing.
  void require_known_roles(const std::vector<std::string>& names);
  // not_found where the scope has no such type; only after the policy check.
  const EntityType& require_type(const std::string& slug);

  // The masks of those grants of `plan` that admit the row as stored; deleted rows are admitted by none.
  std::vector<const Mask*> admitting_masks(const AccessPlan& plan, const StoredEntity& row);
  bool in_read_view(const StoredEntity& row, const std::string& type);
  // The row if it is there, alive, of a type of this scope and in the actor's `read` view.
  std::optional<StoredEntity> find_readable(const std::string& id);
  // The answer to a write: the row of the `read` view, or the id alone.
  Written written(const StoredEntity& row, const std::string& type);

  EventAppender audit() {
    has_event_ = true;
    return EventAppender(*transaction_, actor_, *engine_.ids, now_);
  }
  void commit();

 private:
  bool is_narrowed() const noexcept;  // by a tool's permission

  Engine& engine_;
  const ActorContext& actor_;
  std::optional<CommitStamp> presumed_at_;
  std::unique_ptr<Transaction> owned_;  // null inside a unit
  Transaction* transaction_;
  Timestamp now_;
  bool has_event_ = false;
  bool is_write_;
  std::int64_t spent_ = 0;
  std::shared_ptr<CompiledScope> compiled_;
};

// What is done with an operation: a function, without the type of it.
struct OperationBody {
  void* body;
  void (*call)(void* body, GuardedOperation& operation);
};

void run_guarded(const Caller& caller, Access access, const Attempt& attempt, OperationBody body);

// Appends `access.denied` if the host wants that. Throws `denial`, with a note, if it could not be recorded.
void record_denial(Engine& engine, const ActorContext& actor, const Attempt& attempt, const Error& denial);

// Runs `body` with an operation of its own, which is undone unless it commits. What only reads may run once more: where
// the rules changed while it began.
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
