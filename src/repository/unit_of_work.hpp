// Several operations of one actor as one transaction (SPEC 6, "Units of work").
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "repository/engine.hpp"
#include "repository/write_work.hpp"
#include "struere/core/error.hpp"
#include "struere/repository/caller.hpp"
#include "struere/repository/session.hpp"

namespace struere {

class GuardedOperation;
struct Attempt;

// The state that the operations of a unit share. The first error of an operation ends the unit: all later operations,
// and commit(), throw that error. Only the thread that began a unit may use it.
class UnitOfWork {
 public:
  // Begins the transaction. Throws Error{storage}.
  UnitOfWork(Engine& engine, const Scope& scope);
  ~UnitOfWork();
  UnitOfWork(const UnitOfWork&) = delete;
  UnitOfWork& operator=(const UnitOfWork&) = delete;

  // Runs one operation of the caller in the transaction. The caller must be in the unit's scope.
  void run(const Caller& caller, const Attempt& attempt, const std::function<void(GuardedOperation& operation)>& body);

  // The rules as the previous operations of the unit left them.
  std::shared_ptr<CompiledScope> compiled();

  Engine& engine() noexcept { return engine_; }
  Transaction& transaction() noexcept { return *transaction_; }
  Timestamp now() const noexcept { return now_; }
  Timestamp by_clock() const noexcept { return by_clock_; }
  // Of all operations of the unit together, because they hold the write lock together.
  WriteWork& work() noexcept { return work_; }
  // An operation of the unit purged an entity, whose data an earlier answer may hold.
  void note_purge() noexcept { has_purged_ = true; }
  bool has_purged() const noexcept { return has_purged_; }

  // Throws Error{storage} if the storage was opened for reading only: a unit that only reads works there.
  void require_writable() const;
  // Commits the transaction, or throws the first error of an operation.
  void commit();
  // Ends the unit. Uncommitted changes are undone.
  void end() noexcept;
  // Throws Error{conflict} on another thread, in a child of fork() or after the end, and the first error once an
  // operation has failed.
  void require_usable() const;

  // Throws the error, after which the unit has failed.
  [[noreturn]] void fail(const Error& error);
  const std::optional<Error>& failure() const noexcept { return failure_; }
  // Appends `access.denied` if a denial made the unit fail. Call it after end().
  void record_denial();

 private:
  struct Denied {
    ActorContext actor;
    std::string action, resource, id;
  };

  Engine& engine_;
  const Scope scope_;
  std::thread::id thread_ = std::this_thread::get_id();
  std::uint64_t forks_;
  std::unique_ptr<Transaction> transaction_;  // null after the end
  Timestamp by_clock_, now_;                  // the time at which the unit began
  std::uint64_t generation_;                  // as committed; rules of a later generation never enter the engine's
                                              // cache
  std::shared_ptr<CompiledScope> changed_;    // the rules if this unit itself changed them
  WriteWork work_;
  bool has_purged_ = false;
  std::optional<Error> failure_;
  std::optional<Denied> denied_;
};

// Throws Error{conflict} if this thread is inside a unit of this engine, which then fails: a second transaction would
// wait for the first, which cannot end before it.
void require_no_unit(const Engine& engine);

// Runs a check that comes before the operation itself. Inside a unit its error ends the unit, as that of an operation
// does.
void check_arguments(const Caller& caller, const std::function<void()>& check);

void run_unit(const Caller& caller, const std::function<void(Session& unit)>& body);

// The answer of `can`. Never throws for a denial.
Decision decision_of(const Caller& caller, Action action, std::string_view resource);

}  // namespace struere
